# cmake -DFOLDER=... -DOUTPUT=... -P embed.cmake: a source with the JSON files NAMESPACE@VERSION@DOCUMENT.json as text.
file(GLOB files "${FOLDER}/*.json")
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WLE)
  string(REPLACE ".json" "" name "${name}")
  string(REPLACE "@" "/" name "${name}")
  file(READ "${file}" text)
  string(APPEND entries "    {\"${name}\", R\"json(${text})json\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"libemg/io/nwb_spec_internal.h\"

namespace emg::nwb {

std::span<const SpecDocument> spec_documents() {
  static constexpr SpecDocument kDocuments[] = {
${entries}  };
  return kDocuments;
}

}  // namespace emg::nwb
")
