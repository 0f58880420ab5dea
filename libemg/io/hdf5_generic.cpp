#include "libemg/io/hdf5_generic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/channel_kind_internal.h"
#include "libemg/io/hdf5_arrays_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg {
namespace {

constexpr int kMostDepth = 12;
constexpr std::size_t kMostArrays = 100000;
constexpr std::size_t kMostListed = 8;
constexpr Index kLeastListed = 1000;

void collect(const h5::Input& file, const std::string& where, int depth, std::vector<std::string>& found) {
  if (depth > kMostDepth || found.size() > kMostArrays) return;
  for (const auto& name : file.members(where)) {
    const auto path = (where == "/" ? "" : where) + "/" + name;
    if (file.is_group(path)) {
      collect(file, path, depth + 1, found);
    } else {
      found.push_back(path);
    }
  }
}

std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (const Index n : shape) text += fmt::format("{}{}", text.empty() ? "" : " x ", n);
  return text.empty() ? "1" : text;
}

std::string type_text(const h5::Input& file, const std::string& where) {
  const auto dataset = h5::open_object(file.file(), where, file.path());
  const h5::Id type(H5Dget_type(dataset.get()));
  const auto bits = 8 * H5Tget_size(type.get());
  if (H5Tget_class(type.get()) == H5T_FLOAT) return fmt::format("float{}", bits);
  return fmt::format("{}int{}", H5Tget_sign(type.get()) == H5T_SGN_NONE ? "u" : "", bits);
}

bool is_numeric(const h5::ArrayInfo& info) {
  return info.kind == h5::Kind::number || info.kind == h5::Kind::integer;
}

std::string listing(const h5::Input& file) {
  std::vector<std::string> paths;
  collect(file, "/", 0, paths);
  std::string text;
  std::size_t count = 0;
  for (const auto& path : paths) {
    const auto info = file.info(path);
    if (!is_numeric(info) || info.size() < kLeastListed) continue;
    if (++count <= kMostListed) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", path, shape_text(info.shape));
  }
  if (count > kMostListed) text += fmt::format(" and {} more", count - kMostListed);
  return text.empty() ? "no array of numbers" : text;
}

double rate_of(const h5::Input& file, const ReadOptions& options) {
  if (options.rate_hz) return *options.rate_hz;
  auto where = options.rate_path;
  if (where.empty()) h5::fail(file.path(), "samples", options.dataset.front(), "nothing says their rate; give --rate-hz or --rate-path");
  if (where.front() == '@') where.erase(0, 1);
  auto rate = file.number(where);
  const auto slash = where.rfind('/');
  if (!rate && slash != std::string::npos)
    rate = file.number_attribute(slash == 0 ? "/" : where.substr(0, slash), where.substr(slash + 1).c_str());
  if (!rate) h5::fail(file.path(), "rate", where, "no number stands there; give --rate-hz or another --rate-path");
  if (!(*rate > 0) || !std::isfinite(*rate)) h5::fail(file.path(), "rate", where, fmt::format("{} is no rate; give --rate-hz", *rate));
  return *rate;
}

// 0 or 1; arrays of more rows than columns need a word.
int time_axis_of(const h5::Input& file, const std::string& where, const std::string& layout) {
  const auto shape = file.info(where).shape;
  if (shape.size() < 2 || shape[1] == 1) return 0;
  if (layout == "samples-channels") return 0;
  if (layout == "channels-samples" || shape[0] <= shape[1]) return 1;
  h5::fail(file.path(), "array", where,
           fmt::format("shape {} looks like samples x channels; give --layout samples-channels or channels-samples", shape_text(shape)));
}

void require_layout(const std::string& layout) {
  if (layout.empty() || layout == "samples-channels" || layout == "channels-samples") return;
  throw InvalidArgument(fmt::format("layout {} is none of samples-channels, channels-samples", in_quotes(layout)));
}

void add_array(const h5::Input& file, const std::string& where, const ReadOptions& options, const UnitsOption& units,
               h5::ArrayStream& stream) {
  const auto data = std::make_shared<h5::SignalInput>(file, where, time_axis_of(file, where, options.layout));
  if (units.counts && !data->is_integer()) h5::fail(file.path(), "samples", where, "are no integer counts; give --units without count:");
  if (!stream.channels.empty() && data->sample_count() != stream.info.sample_count) {
    h5::fail(file.path(), "samples", where, fmt::format("{} samples, other datasets {}", data->sample_count(), stream.info.sample_count));
  }
  stream.info.sample_count = data->sample_count();
  const auto name = where.substr(where.rfind('/') + 1);
  for (Index c = 0; c < data->channel_count(); ++c) {
    Channel channel;
    channel.name = data->channel_count() == 1 ? name : fmt::format("{} {}", name, c + 1);
    if (data->is_integer()) {
      channel.count_uv = units.microvolts;
      channel.count_zero_uv = 0;
      if (std::abs(data->most()) < 9e15) {
        channel.adc_min = static_cast<std::int64_t>(data->least());
        channel.adc_max = static_cast<std::int64_t>(data->most());
      }
    }
    stream.info.channels.push_back(std::move(channel));
    stream.channels.push_back({data, c, {units.microvolts, 0, 1}});
  }
}

std::unique_ptr<Reader> open_hdf5(const std::filesystem::path& path, const ReadOptions& options) {
  const h5::Lock lock;
  require_layout(options.layout);
  h5::Input file(path);
  if (options.dataset.empty()) {
    const auto devices = h5::opensignals_devices(file);
    if (!devices.empty()) return h5::open_opensignals(std::move(file), devices, options);
    h5::fail(path, "HDF5 file", "/",
             fmt::format("it does not say which array is the signal; give --dataset, --rate-hz and --units; it holds {}", listing(file)));
  }
  const auto units = units_option(options.units);
  if (!units) h5::fail(path, "samples", options.dataset.front(), "nothing says their unit; give --units");
  h5::ArrayStream stream;
  stream.info.name = options.dataset.front().substr(options.dataset.front().rfind('/') + 1);
  stream.info.rate_hz = rate_of(file, options);
  for (const auto& where : options.dataset) add_array(file, where, options, *units, stream);
  FileHeader facts;
  facts.format = "hdf5";
  make_names_unique(stream.info.channels, facts.warnings);
  stream.segments = {{0, 0, stream.info.sample_count}};
  std::vector<h5::ArrayStream> streams;
  streams.push_back(std::move(stream));
  return std::make_unique<h5::ArrayReader>(std::move(file), std::move(facts), std::move(streams));
}

bool recognises_hdf5(const FileHead& head) {
  return h5::has_signature(head.bytes);
}

// Attributes that look like a rate, of an array and its parents.
std::vector<std::pair<std::string, std::string>> rate_hints(const h5::Input& file, std::string where) {
  std::vector<std::pair<std::string, std::string>> hints;
  for (;;) {
    for (const char* name : {"rate", "fs", "fsamp", "SamplingFrequency", "sampling rate", "sampling_rate", "samplingrate", "sr", "Rate",
                             "Fs", "sample_rate"}) {
      if (const auto value = file.number_attribute(where, name))
        hints.emplace_back((where == "/" ? "" : where) + "/" + name, shortest(*value));
    }
    if (where == "/") return hints;
    where = where.substr(0, where.rfind('/'));
    if (where.empty()) where = "/";
  }
}

}  // namespace

const Format kHdf5Format{"hdf5", &recognises_hdf5, &open_hdf5};

std::vector<Hdf5Array> hdf5_arrays(const std::filesystem::path& path, Index least_values) {
  const h5::Lock lock;
  const h5::Input file(path);
  std::vector<std::string> paths;
  collect(file, "/", 0, paths);
  std::vector<Hdf5Array> arrays;
  for (const auto& where : paths) {
    const auto info = file.info(where);
    if (!is_numeric(info) || info.size() < least_values) continue;
    Hdf5Array array{where, info.shape, type_text(file, where), rate_hints(file, where), ""};
    if (info.shape.size() == 2) array.layout_guess = info.shape[0] > info.shape[1] ? "samples-channels" : "channels-samples";
    arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace emg
