#include "libemg/io/sha256.h"

#include "libemg/core/error.h"
#include "tests/io/io_support.h"

using namespace emg;
using emg_test::refusal;
using emg_test::TempFolder;

// FIPS 180-4, examples of the Secure Hash Standard.
TEST_CASE("digests of the standard's examples") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a file has the digest of its bytes, also beyond one block") {
  const TempFolder folder;
  const std::string million(1000000, 'a');
  CHECK(sha256_of_file(folder.file("a", million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(sha256_of_file(folder.file("empty", "")) == sha256_hex(""));
  CHECK(sha256_of_files({folder / "a"}) == sha256_of_file(folder / "a"));
}

TEST_CASE("several files depend on names, order and bytes") {
  const TempFolder folder;
  const auto a = folder.file("a.hea", "1"), b = folder.file("b.dat", "2"), c = folder.file("c.dat", "2");
  CHECK(sha256_of_files({a, b}) == sha256_hex("a.hea 1 " + sha256_hex("1") + "\nb.dat 1 " + sha256_hex("2") + "\n"));
  CHECK(sha256_of_files({a, b}) != sha256_of_files({b, a}));
  CHECK(sha256_of_files({a, b}) != sha256_of_files({a, c}));
}

TEST_CASE("a missing file or a folder is refused by name") {
  const TempFolder folder;
  CHECK_THROWS_AS(sha256_of_file(folder / "none"), FileError);
  CHECK_THAT(refusal([&] { sha256_of_file(folder / "none"); }), ContainsSubstring("cannot be read"));
  CHECK_THAT(refusal([&] { sha256_of_file(folder.path()); }), ContainsSubstring("is a folder"));
}
