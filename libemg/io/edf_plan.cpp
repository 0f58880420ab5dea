// Record length, annotation lists and dates of an EDF or BDF file to be written.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/edf_writer_internal.h"
#include "libemg/io/text.h"

namespace emg::edf {
namespace {

// A widely used library refuses longer records.
constexpr Index kMostRecordBytes = Index{10} << 20;
constexpr double kRateTolerance = 1e-9;
constexpr double kShortest_s = 0.1, kLongest_s = 10;
constexpr double kLongestExact_s = 60;

std::string decimal_text(double value) {
  constexpr int kDecimals = 9;
  auto text = fmt::format("{:.{}f}", value, kDecimals);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

// n / rate as a number of at most 8 characters.
double duration_of(Index n, double rate_hz) {
  const double d = static_cast<double>(n) / rate_hz;
  const double unit = d < 10 ? 1e6 : d < 100 ? 1e5 : 1e4;
  return std::round(d * unit) / unit;
}

bool states_exactly(Index n, double rate_hz) {
  const double d = duration_of(n, rate_hz);
  return d > 0 && static_cast<double>(n) / d == rate_hz;
}

bool states_nearly(Index n, double rate_hz) {
  const double d = duration_of(n, rate_hz);
  return d > 0 && std::abs(static_cast<double>(n) / (d * rate_hz) - 1) <= kRateTolerance;
}

// The number in [first, last] nearest to `middle` that `states` the rate, rather a divisor of the length; 0 if there is none.
Index nearest_samples(Index first, Index middle, Index last, double rate_hz, Index sample_count, bool (*states)(Index, double)) {
  Index found = 0;
  for (Index k = 0; k <= std::max(last - middle, middle - first); ++k) {
    for (const Index n : {middle - k, middle + k}) {
      if (n < first || n > last) continue;
      const bool divides = sample_count % n == 0;
      if ((found > 0 && !divides) || !states(n, rate_hz)) continue;
      if (divides) return n;
      found = n;
    }
  }
  return found;
}

// Samples per record: exact duration, nearest to 1 s, preferably a divisor of the length; longer records where only they are exact.
void choose_samples(RecordPlan& plan, double rate_hz, Index sample_count, Index most) {
  const auto samples_in = [&](double seconds) { return std::min(most, std::max<Index>(static_cast<Index>(seconds * rate_hz), 1)); };
  const Index middle = std::clamp<Index>(std::llround(rate_hz), 1, most);
  const Index last = samples_in(kLongest_s), longest = samples_in(kLongestExact_s);
  const Index first = std::min(middle, std::max<Index>(static_cast<Index>(std::ceil(kShortest_s * rate_hz)), 1));
  Index found = nearest_samples(first, middle, last, rate_hz, sample_count, &states_exactly);
  for (Index n = last + 1; found == 0 && n <= longest; ++n) {
    if (states_exactly(n, rate_hz)) found = n;
  }
  if (found == 0) found = nearest_samples(first, middle, last, rate_hz, sample_count, &states_nearly);
  if (found == 0) {
    throw InvalidArgument(
        fmt::format("rate_hz {}: no record of {} to {} s states this rate exactly in 8 characters", rate_hz, kShortest_s, kLongest_s));
  }
  plan.samples = found;
  plan.duration = decimal_text(duration_of(found, rate_hz));
}

std::string plain(std::string text) {
  for (char& c : text) {
    if (c == '\x14' || c == '\x15' || c == '\0') c = ' ';
  }
  return text;
}

std::string list_text(double onset_s, double duration_s, const std::string& label) {
  const auto onset = decimal_text(onset_s);
  auto text = (onset[0] == '-' ? "" : "+") + onset;
  if (duration_s >= 0) text += '\x15' + decimal_text(duration_s);
  return text + '\x14' + plain(label) + '\x14' + '\0';
}

std::vector<Annotation> annotations_of(const Recording& header, const RecordPlan& plan, Index sample_count) {
  auto all = header.annotations;
  for (const auto& s : header.stimuli) {
    auto label = std::string("stimulus");
    for (const auto& part : {s.nerve, s.side, s.site}) label += part.empty() ? "" : " " + part;
    if (s.intensity_ma) label += fmt::format(" {} mA", *s.intensity_ma);
    all.push_back({s.onset_s, std::numeric_limits<double>::quiet_NaN(), label});
  }
  const auto seconds = [&](Index samples) { return static_cast<double>(samples) / header.rate_hz; };
  for (const auto& gap : header.gaps) {
    const bool left_out = std::any_of(plan.gap_records.begin(), plan.gap_records.end(), [&](const Span& span) {
      return gap.channel == -1 && span.first * plan.samples == gap.first_sample && span.count * plan.samples == gap.sample_count;
    });
    if (left_out) continue;
    all.push_back({seconds(gap.first_sample), seconds(gap.sample_count),
                   gap.channel == -1 ? "gap" : "gap " + header.channels[static_cast<std::size_t>(gap.channel)].name});
  }
  const Index padding = plan.record_count * plan.samples - sample_count;
  if (padding > 0) all.push_back({seconds(sample_count), seconds(padding), "padding"});
  std::stable_sort(all.begin(), all.end(), [](const Annotation& a, const Annotation& b) { return a.onset_s < b.onset_s; });
  return all;
}

// Puts each list into the record of its onset or the next with room; false if they do not fit.
bool place_lists(RecordPlan& plan, const std::vector<Annotation>& annotations, const std::vector<std::string>& texts, std::size_t capacity,
                 double record_s) {
  auto lists = plan.lists;
  Index record = 0;
  const auto skip_gaps = [&] {
    while (record < plan.record_count && plan.is_gap(record)) ++record;
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto own =
        static_cast<Index>(std::clamp(std::floor(annotations[i].onset_s / record_s), 0.0, static_cast<double>(plan.record_count - 1)));
    if (own > record && !plan.is_gap(own)) record = own;
    skip_gaps();
    while (record < plan.record_count && lists[static_cast<std::size_t>(record)].size() + texts[i].size() > capacity) {
      ++record;
      skip_gaps();
    }
    if (record >= plan.record_count) return false;
    lists[static_cast<std::size_t>(record)] += texts[i];
  }
  plan.lists = std::move(lists);
  return true;
}

void make_lists(RecordPlan& plan, const Recording& header, Index sample_count, double first_s, int bytes) {
  const double record_s = *number_of(plan.duration);
  std::size_t longest = 0, total = 0;
  for (Index r = 0; r < plan.record_count; ++r) {
    plan.lists.push_back(list_text(first_s + static_cast<double>(r) * record_s, -1, ""));
    longest = std::max(longest, plan.lists.back().size());
  }
  if (plan.record_count == 0) longest = 8;
  const auto annotations = annotations_of(header, plan, sample_count);
  std::vector<std::string> texts;
  std::size_t longest_text = 0;
  for (const auto& a : annotations) {
    texts.push_back(list_text(first_s + a.onset_s, a.duration_s, a.label));
    longest_text = std::max(longest_text, texts.back().size());
    total += texts.back().size();
  }
  const auto records = static_cast<std::size_t>(std::max<Index>(plan.written_count(), 1));
  std::size_t room = std::max(longest_text, total / records);
  while (plan.record_count > 0 && !place_lists(plan, annotations, texts, longest + room, record_s)) room *= 2;
  const auto size = static_cast<std::size_t>(bytes);
  plan.list_bytes = (longest + room + size - 1) / size * size;
}

void find_gap_records(RecordPlan& plan, const Recording& header) {
  for (const auto& gap : header.gaps) {
    const Index end = gap.first_sample + gap.sample_count;
    // The first record gives the start, the last the length: these are always written.
    if (gap.channel != -1 || gap.first_sample <= 0 || gap.first_sample % plan.samples != 0 || end % plan.samples != 0) continue;
    if (end / plan.samples >= plan.record_count) continue;
    plan.gap_records.push_back({gap.first_sample / plan.samples, gap.sample_count / plan.samples});
  }
}

// Header texts of the start and the fraction of its second.
double set_start(RecordPlan& plan, const Recording& header) {
  using namespace std::chrono;
  constexpr std::array kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  plan.date = "01.01.85";
  plan.time = "00.00.00";
  plan.start_date = "X";
  const std::string_view text = header.start_time;
  constexpr std::size_t kLength = 19;  // 2021-03-02T04:05:06
  if (text.size() < kLength) return 0;
  const auto part = [&](std::size_t at, std::size_t size) { return integer_of(text.substr(at, size)).value_or(-1); };
  const year_month_day date{year(static_cast<int>(part(0, 4))), month(static_cast<unsigned>(part(5, 2))),
                            day(static_cast<unsigned>(part(8, 2)))};
  const auto h = part(11, 2), m = part(14, 2), s = part(17, 2);
  if (!date.ok() || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return 0;
  double fraction = 0;
  if (text.size() > kLength && text[kLength] == '.') {
    const auto end = std::min(text.find_first_not_of("0123456789", kLength + 1), text.size());
    fraction = number_of("0" + std::string(text.substr(kLength, end - kLength))).value_or(0);
  }
  const double later = std::floor(fraction + header.start_s);
  fraction += header.start_s - later;
  const auto moment = sys_days(date) + hours(h) + minutes(m) + seconds(s) + seconds(static_cast<std::int64_t>(later));
  const auto day_start = floor<days>(moment);
  const year_month_day ymd(day_start);
  const auto second = (moment - day_start).count();
  const int y = static_cast<int>(ymd.year());
  constexpr int kFirstYear = 1985, kLastYear = 2084;
  if (y < kFirstYear || y > kLastYear) return fraction;
  const auto mon = static_cast<unsigned>(ymd.month()), d = static_cast<unsigned>(ymd.day());
  plan.date = fmt::format("{:02}.{:02}.{:02}", d, mon, y % 100);
  plan.time = fmt::format("{:02}.{:02}.{:02}", second / 3600, second / 60 % 60, second % 60);
  plan.start_date = fmt::format("{:02}-{}-{:04}", d, kMonths[mon - 1], y);
  return fraction;
}

}  // namespace

bool RecordPlan::is_gap(Index record) const {
  return std::any_of(gap_records.begin(), gap_records.end(),
                     [&](const Span& s) { return record >= s.first && record < s.first + s.count; });
}

Index RecordPlan::written_count() const {
  Index count = record_count;
  for (const auto& span : gap_records) count -= span.count;
  return count;
}

RecordPlan plan_records(const Recording& header, Index sample_count, int bytes) {
  RecordPlan plan;
  const Index channel_bytes = static_cast<Index>(header.channels.size()) * bytes;
  choose_samples(plan, header.rate_hz, sample_count, std::max<Index>(kMostRecordBytes / channel_bytes, 1));
  plan.record_count = (sample_count + plan.samples - 1) / plan.samples;
  find_gap_records(plan, header);
  const double first_s = set_start(plan, header);
  make_lists(plan, header, sample_count, first_s, bytes);
  return plan;
}

}  // namespace emg::edf
