#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_read_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"

namespace emg::h5 {
namespace {

constexpr Index kMostObjects = 100000;
constexpr Index kMostTableBytes = Index{1} << 31;

std::vector<Index> shape_of(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(rank, 0)));
  if (rank > 0) H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  return {dims.begin(), dims.end()};
}

Kind kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return Kind::integer;
    case H5T_FLOAT:
      return Kind::number;
    case H5T_STRING:
      return Kind::text;
    case H5T_ENUM:
      return H5Tget_nmembers(type) == 2 ? Kind::boolean : Kind::integer;
    default:
      return Kind::other;
  }
}

std::string bounded(const char* text) {
  return text == nullptr ? std::string() : decoded_text(std::string_view(text, strnlen(text, limits::kMostTextBytes)));
}

// Texts of a dataset or an attribute through `read(memory type, buffer)`.
template <class Read>
std::vector<std::string> read_texts(hid_t type, hid_t space, std::size_t count, Read&& read) {
  std::vector<std::string> texts;
  if (H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(count, nullptr);
    Id memory(H5Tcopy(H5T_C_S1));
    H5Tset_size(memory.get(), H5T_VARIABLE);
    H5Tset_cset(memory.get(), H5Tget_cset(type));
    if (!read(memory.get(), pointers.data())) return texts;
    for (const char* pointer : pointers) texts.push_back(bounded(pointer));
    H5Dvlen_reclaim(memory.get(), space, H5P_DEFAULT, pointers.data());
    return texts;
  }
  const auto size = H5Tget_size(type);
  if (size == 0 || size > static_cast<std::size_t>(limits::kMostTextBytes) || count > static_cast<std::size_t>(kMostTableBytes) / size)
    return texts;
  std::string bytes(count * size, '\0');
  if (!read(type, bytes.data())) return texts;
  for (std::size_t i = 0; i < count; ++i) {
    texts.push_back(decoded_text(trimmed(std::string_view(bytes).substr(i * size, strnlen(bytes.data() + i * size, size)))));
  }
  return texts;
}

herr_t note_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  auto& list = *static_cast<std::vector<std::string>*>(names);
  list.emplace_back(name);
  return static_cast<Index>(list.size()) > kMostObjects ? 1 : 0;
}

H5I_type_t type_at(hid_t file, const std::string& where) {
  if (!exists(file, where)) return H5I_BADID;
  const Id object(H5Oopen(file, where.c_str(), inside_only()));
  return object ? H5Iget_type(object.get()) : H5I_BADID;
}

}  // namespace

bool has_signature(std::string_view head) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n");
  for (const std::size_t at : {0, 512, 1024, 2048}) {
    if (head.size() >= at + kSignature.size() && head.substr(at, kSignature.size()) == kSignature) return true;
  }
  return false;
}

Index ArrayInfo::size() const {
  Index count = 1;
  for (const Index n : shape) {
    if (n != 0 && count > limits::kMostSamples / n) return limits::kMostSamples;
    count *= n;
  }
  return count;
}

bool Input::is_group(const std::string& where) const {
  return where == "/" || type_at(file(), where) == H5I_GROUP;
}

bool Input::is_dataset(const std::string& where) const {
  return type_at(file(), where) == H5I_DATASET;
}

std::vector<std::string> Input::members(const std::string& where) const {
  std::vector<std::string> names;
  if (!is_group(where)) return names;
  const auto group = open_object(file(), where, path_);
  hsize_t next = 0;
  if (H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, &next, &note_name, &names) != 0)
    fail(path_, "group cannot be listed", where, "damaged or too large");
  return names;
}

Id Input::open_attribute(const std::string& where, const char* name) const {
  if (where != "/" && !has(where)) return Id();
  const Id object(H5Oopen(file(), where.c_str(), inside_only()));
  if (!object || H5Aexists(object.get(), name) <= 0) return Id();
  return Id(H5Aopen(object.get(), name, H5P_DEFAULT));
}

bool Input::has_attribute(const std::string& where, const char* name) const {
  return static_cast<bool>(open_attribute(where, name));
}

std::vector<std::string> Input::texts_attribute(const std::string& where, const char* name) const {
  const auto attribute = open_attribute(where, name);
  if (!attribute) return {};
  const Id type(H5Aget_type(attribute.get())), space(H5Aget_space(attribute.get()));
  if (kind_of(type.get()) != Kind::text) return {};
  const auto count = H5Sget_simple_extent_npoints(space.get());
  if (count <= 0 || count > kMostObjects) return {};
  return read_texts(type.get(), space.get(), static_cast<std::size_t>(count),
                    [&](hid_t memory, void* to) { return H5Aread(attribute.get(), memory, to) >= 0; });
}

std::string Input::text_attribute(const std::string& where, const char* name) const {
  const auto texts = texts_attribute(where, name);
  return texts.empty() ? std::string() : texts.front();
}

std::optional<double> Input::number_attribute(const std::string& where, const char* name) const {
  const auto attribute = open_attribute(where, name);
  if (!attribute) return std::nullopt;
  const Id type(H5Aget_type(attribute.get())), space(H5Aget_space(attribute.get()));
  const auto kind = kind_of(type.get());
  const auto count = H5Sget_simple_extent_npoints(space.get());
  if ((kind != Kind::number && kind != Kind::integer) || count < 1 || count > kMostObjects) return std::nullopt;
  std::vector<double> values(static_cast<std::size_t>(count));
  if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, values.data()) < 0) return std::nullopt;
  return values.front();
}

std::string Input::reference_attribute(const std::string& where, const char* name) const {
  const auto attribute = open_attribute(where, name);
  if (!attribute) return {};
  const Id type(H5Aget_type(attribute.get())), space(H5Aget_space(attribute.get()));
  if (H5Tequal(type.get(), H5T_STD_REF_OBJ) <= 0 || H5Sget_simple_extent_npoints(space.get()) != 1) return {};
  hobj_ref_t reference{};
  if (H5Aread(attribute.get(), H5T_STD_REF_OBJ, &reference) < 0) return {};
  const Id target(H5Rdereference2(file(), H5P_DEFAULT, H5R_OBJECT, &reference));
  if (!target) return {};
  std::string text(1024, '\0');
  const auto size = H5Iget_name(target.get(), text.data(), text.size());
  text.resize(size > 0 ? std::min(static_cast<std::size_t>(size), text.size() - 1) : 0);
  return text;
}

ArrayInfo Input::info(const std::string& where) const {
  if (!is_dataset(where)) return {};
  const auto dataset = open_object(file(), where, path_);
  const Id type(H5Dget_type(dataset.get())), space(H5Dget_space(dataset.get()));
  return {kind_of(type.get()), shape_of(space.get())};
}

// A table's dataset that may be read whole.
Id Input::open_dataset(const std::string& where, Index& size) const {
  auto dataset = open_object(file(), where, path_);
  if (H5Iget_type(dataset.get()) != H5I_DATASET) fail(path_, "not a dataset", where);
  const Id type(H5Dget_type(dataset.get())), space(H5Dget_space(dataset.get()));
  const ArrayInfo info{kind_of(type.get()), shape_of(space.get())};
  size = H5Sget_simple_extent_npoints(space.get()) == 0 ? 0 : info.size();
  const auto element = static_cast<Index>(std::max<std::size_t>(H5Tget_size(type.get()), sizeof(double)));
  if (size > kMostTableBytes / element) fail(path_, "array", where, fmt::format("{} values are too many for a table", size));
  Chunks chunks(*this, where, dataset.get());
  if (chunks.chunked() && chunks.decodable() && size > 0) chunks.check_all(info.shape);
  return dataset;
}

std::vector<std::string> Input::texts(const std::string& where) const {
  if (!is_dataset(where)) return {};
  Index size = 0;
  const auto dataset = open_dataset(where, size);
  const Id type(H5Dget_type(dataset.get())), space(H5Dget_space(dataset.get()));
  if (kind_of(type.get()) != Kind::text) fail(path_, "array", where, "is no text");
  if (size == 0) return {};
  auto texts = read_texts(type.get(), space.get(), static_cast<std::size_t>(size),
                          [&](hid_t memory, void* to) { return H5Dread(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0; });
  if (texts.size() != static_cast<std::size_t>(size)) fail(path_, "text cannot be read", where, last_reason());
  return texts;
}

std::string Input::text(const std::string& where) const {
  if (info(where).kind != Kind::text) return {};
  const auto all = texts(where);
  return all.empty() ? std::string() : all.front();
}

std::vector<double> Input::numbers(const std::string& where) const {
  Index size = 0;
  const auto dataset = open_dataset(where, size);
  std::vector<double> values(static_cast<std::size_t>(size));
  if (size > 0)
    require_ok(H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path_, "numbers cannot be read",
               where);
  return values;
}

std::vector<std::int64_t> Input::integers(const std::string& where) const {
  Index size = 0;
  const auto dataset = open_dataset(where, size);
  std::vector<std::int64_t> values(static_cast<std::size_t>(size));
  const Id type(H5Dget_type(dataset.get()));
  if (size == 0) return values;
  if (H5Tget_class(type.get()) == H5T_ENUM) {  // the numbers behind the names
    const Id base(H5Tget_super(type.get()));
    if (H5Tget_size(type.get()) != 1) fail(path_, "flags", where, "are not of one byte");
    std::vector<std::int8_t> flags(values.size());
    require_ok(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, flags.data()), path_, "flags cannot be read", where);
    std::copy(flags.begin(), flags.end(), values.begin());
    return values;
  }
  require_ok(H5Dread(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path_, "numbers cannot be read",
             where);
  return values;
}

std::optional<double> Input::number(const std::string& where) const {
  const auto found = info(where);
  if ((found.kind != Kind::number && found.kind != Kind::integer) || found.size() != 1) return std::nullopt;
  return numbers(where).front();
}

}  // namespace emg::h5
