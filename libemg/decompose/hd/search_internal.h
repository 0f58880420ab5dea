#pragma once
// The search of decompose.h on prepared frames: rounds of starts, fixed point, refinement and peel-off; final add-back passes.

#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/decompose.h"
#include "libemg/decompose/hd/frames.h"
#include "libemg/decompose/hd/peel_off.h"
#include "libemg/decompose/hd/source_spikes.h"
#include "libemg/decompose/hd/whitening.h"

namespace emg::hd {

/// Everything in samples of the frames.
struct SearchSettings {
  double rate_hz = 0;
  Index lags = 16;
  Index separation = 20;
  SpikeSettings spikes;
  FixedPointSettings fixed_point;
  TemplateSettings templates;
  DuplicateRule duplicates;
};

struct FoundUnit {
  Train train;
  FloatMatrix shape;    ///< (2 half + 1) x width
  double sil = 0;
  double cov = 0;       ///< robust
  int round = 0;
  double exponent = 0;
};

class Search {
 public:
  /// `data` holds zeros outside `runs`; spikes are looked for inside `runs` only.
  Search(Frames data, std::vector<Span> runs, const DecomposeOptions& options, SearchSettings settings, int threads, DecomposeObserver observer);

  void run();

  const Frames& data() const { return data_; }
  const Frames& residual() const { return residual_; }
  const RowMatrix& data_projection() const { return base_.projection; }
  const RowMatrix& projection() const { return projection_; }   ///< whitening of the residual
  const RowMatrix& residual_covariance() const { return residual_covariance_; }
  const Whitening& whitening() const { return base_; }
  const std::vector<FoundUnit>& units() const { return units_; }
  const std::vector<Span>& runs() const { return runs_; }
  double sample_count() const { return sample_count_; }
  int rounds() const { return rounds_; }
  int starts() const { return starts_; }
  int unsettled() const { return unsettled_; }
  bool complete() const { return complete_; }
  double most_unsettled_share() const { return most_unsettled_share_; }

  /// Sources of all units on the residual plus their own contribution, and their filters.
  struct AddBack {
    FloatMatrix sources;                  ///< units x samples
    std::vector<SourceSpikes> spikes;     ///< moved back to the instants of the trains
    std::vector<double> pnr_db;
  };
  AddBack add_back() const;

 private:
  struct Candidate {
    Eigen::VectorXd direction;
    SourceSpikes source;
    double cov = 0;
    double exponent = 0;
    std::size_t place = 0;  // among the starts
  };

  void require_different_channels() const;
  bool passes_guards(const SourceSpikes& source) const;
  bool provisional(const Candidate& candidate) const;
  double robust_cov(const Train& train) const;
  std::vector<Candidate> candidates_of(const RowMatrix& directions, const std::vector<double>& exponents) const;
  std::vector<Candidate> unseen(std::vector<Candidate> candidates) const;
  void refine(std::vector<Candidate>& candidates) const;
  std::vector<bool> promising(const RowMatrix& directions, const std::vector<double>& exponents) const;
  std::vector<Candidate> search_round(int round);
  void sweep();
  void drop_duplicates(std::size_t fixed);
  void update_residual();
  bool cancelled(double done);

  Frames data_, residual_;
  std::vector<Span> runs_;
  DecomposeOptions options_;
  SearchSettings settings_;
  int threads_;
  DecomposeObserver observer_;
  double sample_count_ = 0;
  Whitening base_;
  RowMatrix projection_, residual_covariance_;
  std::vector<FoundUnit> units_;
  int rounds_ = 0, starts_ = 0, unsettled_ = 0;
  double most_unsettled_share_ = 0;
  bool complete_ = true;
};

}  // namespace emg::hd
