#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_write_internal.h"

namespace emg::h5 {
namespace {

constexpr Index kLargeBytes = Index{1} << 17;  // arrays from here on are chunked; also the size of a chunk
constexpr unsigned kDeflateLevel = 1;

std::vector<hsize_t> dims_of(const std::vector<Index>& shape) {
  return {shape.begin(), shape.end()};
}

Id simple_space(const std::vector<Index>& shape) {
  const auto dims = dims_of(shape);
  return Id(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
}

std::vector<const char*> pointers_of(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const auto& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

}  // namespace

Id text_type() {
  Id type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Id type_of(Element element) {
  switch (element) {
    case Element::int8:
      return Id(H5Tcopy(H5T_STD_I8LE));
    case Element::int16:
      return Id(H5Tcopy(H5T_STD_I16LE));
    case Element::int32:
      return Id(H5Tcopy(H5T_STD_I32LE));
    case Element::int64:
      return Id(H5Tcopy(H5T_STD_I64LE));
    case Element::uint32:
      return Id(H5Tcopy(H5T_STD_U32LE));
    case Element::float32:
      return Id(H5Tcopy(H5T_IEEE_F32LE));
    case Element::float64:
      return Id(H5Tcopy(H5T_IEEE_F64LE));
    case Element::text:
      return text_type();
    case Element::boolean:
      break;
  }
  Id type(H5Tenum_create(H5T_STD_I8LE));
  const std::int8_t no = 0, yes = 1;
  H5Tenum_insert(type.get(), "FALSE", &no);
  H5Tenum_insert(type.get(), "TRUE", &yes);
  return type;
}

std::size_t size_of(Element element) {
  return H5Tget_size(type_of(element).get());
}

Id dataset_creation() {
  Id creation(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(creation.get(), 0);
  return creation;
}

void Output::group(const std::string& where) {
  Id creation(H5Pcreate(H5P_GROUP_CREATE));
  H5Pset_obj_track_times(creation.get(), 0);
  require(H5Gcreate2(file(), where.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), path_, "group cannot be written", where);
}

void Output::soft_link(const std::string& where, const std::string& target) {
  require_ok(H5Lcreate_soft(target.c_str(), file(), where.c_str(), H5P_DEFAULT, H5P_DEFAULT), path_, "link cannot be written", where);
}

void Output::write_attribute(const std::string& where, const char* name, hid_t type, hid_t space, const void* value) {
  const auto attribute = require(H5Acreate_by_name(file(), where.c_str(), name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), path_,
                                 fmt::format("attribute {} cannot be written", name), where);
  require_ok(H5Awrite(attribute.get(), type, value), path_, fmt::format("attribute {} cannot be written", name), where);
}

void Output::attribute(const std::string& where, const char* name, std::string_view text) {
  const std::string value(text);
  const char* pointer = value.c_str();
  const Id space(H5Screate(H5S_SCALAR));
  write_attribute(where, name, text_type().get(), space.get(), &pointer);
}

void Output::attribute(const std::string& where, const char* name, double value) {
  const Id space(H5Screate(H5S_SCALAR));
  write_attribute(where, name, H5T_IEEE_F64LE, space.get(), &value);
}

void Output::attribute(const std::string& where, const char* name, std::int32_t value) {
  const Id space(H5Screate(H5S_SCALAR));
  write_attribute(where, name, H5T_STD_I32LE, space.get(), &value);
}

void Output::attribute(const std::string& where, const char* name, const std::vector<std::string>& texts) {
  const auto space = simple_space({static_cast<Index>(texts.size())});
  write_attribute(where, name, text_type().get(), space.get(), pointers_of(texts).data());
}

void Output::reference_attribute(const std::string& where, const char* name, const std::string& target) {
  hobj_ref_t reference{};
  require_ok(H5Rcreate(&reference, file(), target.c_str(), H5R_OBJECT, -1), path_, "reference cannot be made", target);
  const Id space(H5Screate(H5S_SCALAR));
  write_attribute(where, name, H5T_STD_REF_OBJ, space.get(), &reference);
}

Id Output::create(const std::string& where, hid_t type, hid_t space, hid_t creation) {
  return require(H5Dcreate2(file(), where.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), path_, "dataset cannot be written",
                 where);
}

void Output::text(const std::string& where, std::string_view value) {
  const std::string copy(value);
  const char* pointer = copy.c_str();
  const Id space(H5Screate(H5S_SCALAR));
  const auto type = text_type();
  const auto dataset = create(where, type.get(), space.get(), dataset_creation().get());
  require_ok(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer), path_, "text cannot be written", where);
}

void Output::texts(const std::string& where, const std::vector<std::string>& values) {
  const auto pointers = pointers_of(values);
  array(where, {static_cast<Index>(values.size())}, Element::text, pointers.data(), Element::text, false);
}

void Output::scalar(const std::string& where, double value) {
  const Id space(H5Screate(H5S_SCALAR));
  const auto dataset = create(where, H5T_IEEE_F64LE, space.get(), dataset_creation().get());
  require_ok(H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value), path_, "number cannot be written", where);
}

void Output::references(const std::string& where, const std::vector<std::string>& targets) {
  std::vector<hobj_ref_t> values(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    require_ok(H5Rcreate(&values[i], file(), targets[i].c_str(), H5R_OBJECT, -1), path_, "reference cannot be made", targets[i]);
  }
  const auto space = simple_space({static_cast<Index>(targets.size())});
  const auto dataset = create(where, H5T_STD_REF_OBJ, space.get(), dataset_creation().get());
  require_ok(H5Dwrite(dataset.get(), H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), path_, "references cannot be written",
             where);
}

void Output::array(const std::string& where, const std::vector<Index>& shape, Element stored, const void* values, Element memory,
                   bool compress) {
  const auto creation = dataset_creation();
  Index row_size = static_cast<Index>(size_of(stored)), count = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) row_size *= shape[i];
    count *= shape[i];
  }
  if (compress && count > 0 && row_size * shape.front() > kLargeBytes) {
    auto chunk = dims_of(shape);
    chunk[0] = static_cast<hsize_t>(std::clamp<Index>(kLargeBytes / row_size, 1, shape.front()));
    for (std::size_t i = 1; i < chunk.size(); ++i) chunk[i] = std::min<hsize_t>(chunk[i], kLargeBytes);
    H5Pset_chunk(creation.get(), static_cast<int>(chunk.size()), chunk.data());
    H5Pset_shuffle(creation.get());
    H5Pset_deflate(creation.get(), kDeflateLevel);
  }
  const auto space = simple_space(shape);
  const auto dataset = create(where, type_of(stored).get(), space.get(), creation.get());
  if (count == 0) return;
  require_ok(H5Dwrite(dataset.get(), type_of(memory).get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path_, "dataset cannot be written",
             where);
}

void Output::close() {
  require_ok(H5Fflush(file(), H5F_SCOPE_GLOBAL), path_, "cannot be completed");
  require_ok(H5Fclose(file_.get()), path_, "cannot be completed");
  file_ = Id();
}

}  // namespace emg::h5
