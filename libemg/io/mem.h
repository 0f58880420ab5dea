#pragma once
// Text files of threshold tracking and CMAP scans (QtracP `.MEM`), and lists of them (`.MEF`).
//
// Latin-1 or UTF-8, any line end; sections in any order, any of them missing; unknown sections are kept as text. Names, file names, dates,
// operator and comments are dropped unless keep_identity is set.
// Throws FileError with the line number: a row with fewer numbers than its section has columns, a number that is not finite, a model whose
// number of units is not the one announced, scan points outside the rows, a file that is no text or holds none of the sections. Cost: one pass.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emg {

struct MemScan {
  std::vector<double> stimulus_ma, amplitude_mv;   ///< in the order of recording
  std::size_t plateau_first = 0, plateau_end = 0;  ///< rows before the scan: [0, plateau_end), the settled ones from plateau_first
  std::size_t scan_end = 0, after_end = 0;         ///< the scan is [plateau_end, scan_end), rows after it [scan_end, after_end)
};

struct MemUnit {
  double threshold_ma = 0, amplitude_pct = 0, spread_pct = 0;
};

struct MemCurvePoint {
  double delay_ms = 0, current_pct = 0, reduction_pct = 0;
};

struct MemFile {
  std::optional<double> age_years, temperature_c;
  std::string sex, protocol, sites, muscle, condition;
  std::string name, file, date, start_time, operator_name, comments;  ///< empty unless keep_identity
  std::optional<MemScan> scan;
  std::vector<MemUnit> model;
  std::vector<std::pair<double, double>> max_cmap;       ///< pulse width ms, mV
  std::vector<double> response_pct;                      ///< stimulus-response curve
  std::vector<std::vector<double>> response_ma;          ///< one list for each column of currents
  std::vector<double> duration_ms, charge_ma_ms;         ///< charge and duration
  std::vector<std::vector<MemCurvePoint>> electrotonus;  ///< TE1, TE2, ...
  std::vector<double> interval_ms, recovery_pct;         ///< recovery cycle
  std::vector<double> iv_current_pct, iv_reduction_pct;  ///< current and threshold
  std::vector<std::pair<std::string, double>> derived;   ///< label, value as the file states it
  std::vector<std::pair<std::string, double>> extra;
  std::vector<std::pair<std::string, std::string>> other;  ///< unknown sections: heading, text
};

MemFile read_mem(const std::filesystem::path& path, bool keep_identity = false);
/// The same from bytes at hand; `path` names them in messages.
MemFile parse_mem(std::string_view bytes, const std::string& path, bool keep_identity = false);

/// Base names in a list, in its order.
std::vector<std::string> read_mef(const std::filesystem::path& path);
std::vector<std::string> parse_mef(std::string_view bytes);

}  // namespace emg
