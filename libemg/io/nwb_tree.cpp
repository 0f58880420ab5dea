#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/io/nwb_tree_internal.h"
#include "libemg/io/sha256.h"

namespace emg::nwb {
namespace {

constexpr std::size_t kUuidDigits = 32;

// The first 16 bytes of a digest with version 8 and variant 10 set.
std::string uuid_of(std::string_view text) {
  auto hex = sha256_hex(text).substr(0, kUuidDigits);
  hex[12] = '8';
  const auto digit = hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10;
  hex[16] = "89ab"[digit & 3];
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

bool all_missing(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
}

}  // namespace

std::string object_name(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (c == '/' || c == '\\' || c == ':') c = '_';
  }
  if (name.empty() || name == "." || name == "..") name = "unnamed";
  return name;
}

void Tree::type(const std::string& where, const char* name, const char* name_space) {
  output_.attribute(where, "neurodata_type", name);
  output_.attribute(where, "namespace", name_space);
  output_.attribute(where, "object_id", uuid_of(identifier_ + where));
}

void Tree::group(const std::string& where, const char* type_name, std::string_view description, const char* name_space) {
  output_.group(where);
  type(where, type_name, name_space);
  if (!description.empty()) output_.attribute(where, "description", description);
}

std::string Tree::free_path(const std::string& folder, std::string_view name) {
  const auto base = folder + "/" + object_name(name);
  auto path = base;
  for (int n = 2; !taken_.insert(path).second; ++n) path = fmt::format("{}_{}", base, n);
  return path;
}

TableOutput::TableOutput(Tree& tree, std::string where, std::string_view description, std::size_t row_count, const char* type_name,
                         const char* name_space)
    : tree_(tree), where_(std::move(where)), row_count_(row_count) {
  tree_.group(where_, type_name, description.empty() ? where_.substr(where_.rfind('/') + 1) : description, name_space);
}

std::string TableOutput::begin(const std::string& given) {
  auto name = object_name(given);
  if (name == "id") name = "id_";  // taken by the row numbers
  const auto base = name;
  for (int n = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++n) name = fmt::format("{}_{}", base, n);
  names_.push_back(name);
  return path_of(name);
}

void TableOutput::end(const std::string& where, std::string_view unit, std::string_view text) {
  tree_.type(where, "VectorData", "hdmf-common");
  tree_.output().attribute(where, "description", text.empty() ? where.substr(where.rfind('/') + 1) : text);
  if (!unit.empty()) tree_.output().attribute(where, "unit", unit);
}

void TableOutput::texts(const std::string& name, std::string_view text, const std::vector<std::string>& values) {
  const auto where = begin(name);
  tree_.output().texts(where, values);
  end(where, "", text);
}

void TableOutput::known_texts(const std::string& name, std::string_view text, const std::vector<std::string>& values) {
  if (std::any_of(values.begin(), values.end(), [](const auto& v) { return !v.empty(); })) texts(name, text, values);
}

void TableOutput::numbers(const std::string& name, std::string_view unit, std::string_view text, const std::vector<double>& values) {
  if (all_missing(values)) return;
  array(name, unit, text, {static_cast<Index>(values.size())}, h5::Element::float64, values.data(), h5::Element::float64);
}

void TableOutput::integers(const std::string& name, std::string_view unit, std::string_view text, const std::vector<std::int64_t>& values,
                           h5::Element stored) {
  array(name, unit, text, {static_cast<Index>(values.size())}, stored, values.data(), h5::Element::int64);
}

void TableOutput::array(const std::string& name, std::string_view unit, std::string_view text, const std::vector<Index>& shape,
                        h5::Element stored, const void* values, h5::Element memory) {
  const auto where = begin(name);
  tree_.output().array(where, shape, stored, values, memory);
  end(where, unit, text);
}

void TableOutput::references(const std::string& name, std::string_view text, const std::vector<std::string>& targets) {
  const auto where = begin(name);
  tree_.output().references(where, targets);
  end(where, "", text);
}

void TableOutput::ragged(const std::string& name, std::string_view text, const std::vector<double>& values,
                         const std::vector<std::uint32_t>& ends) {
  array(name, "", text, {static_cast<Index>(values.size())}, h5::Element::float64, values.data(), h5::Element::float64);
  const auto index = path_of(name + "_index");
  tree_.output().column(index, ends, h5::Element::uint32);
  tree_.type(index, "VectorIndex", "hdmf-common");
  tree_.output().attribute(index, "description", "index for " + name);
  tree_.output().reference_attribute(index, "target", path_of(name));
}

void TableOutput::column(const Column& column) {
  const auto rows = static_cast<Index>(row_count_);
  if (const auto* v = std::get_if<std::vector<double>>(&column.values)) {
    if (all_missing(*v)) return;
    const auto shape = column.width > 1 ? std::vector<Index>{rows, column.width} : std::vector<Index>{rows};
    array(column.name, column.unit, column.text, shape, h5::Element::float64, v->data(), h5::Element::float64);
  } else if (const auto* n = std::get_if<std::vector<std::int64_t>>(&column.values)) {
    integers(column.name, column.unit, column.text, *n);
  } else if (const auto* b = std::get_if<std::vector<std::uint8_t>>(&column.values)) {
    std::vector<std::uint8_t> flags(b->size());
    std::transform(b->begin(), b->end(), flags.begin(), [](std::uint8_t v) { return static_cast<std::uint8_t>(v != 0); });
    array(column.name, column.unit, column.text, {rows}, h5::Element::boolean, flags.data(), h5::Element::boolean);
  } else {
    const auto where = begin(column.name);
    tree_.output().texts(where, std::get<std::vector<std::string>>(column.values));
    end(where, column.unit, column.text);
  }
}

void TableOutput::finish(std::vector<std::int32_t> ids) {
  if (ids.empty()) {
    for (std::size_t i = 0; i < row_count_; ++i) ids.push_back(static_cast<std::int32_t>(i));
  }
  const auto where = path_of("id");
  tree_.output().column(where, ids, h5::Element::int32);
  tree_.type(where, "ElementIdentifiers", "hdmf-common");
  tree_.output().attribute(where_, "colnames", names_);
}

}  // namespace emg::nwb
