// The shipped table of patterns: trapezoids a, b, c, d of each feature. See train_description.h for where the ranges come from.

#include "libemg/measure/twitch/train_description.h"

namespace emg {

std::string_view shipped_train_patterns() {
  return R"(descriptor	feature	a	b	c	d
fibrillation_like	duration_ms	0	0.8	5	6.5
fibrillation_like	tail_ms	0	0	6	9
fibrillation_like	initial_positive	0.5	1	1	1.5
fibrillation_like	rate_hz	0.2	0.5	18	30
fibrillation_like	cv_local	0	0	0.18	0.3
fibrillation_like	bursty	-1	0	0	0.5
fibrillation_like	rate_mod	1	1	2	2.8
positive_wave_like	tail_ms	6	9	35	50
positive_wave_like	initial_positive	0.5	1	1	1.5
positive_wave_like	phases	0	1	3	4
positive_wave_like	rate_hz	0.2	0.5	18	30
positive_wave_like	cv_local	0	0	0.18	0.3
positive_wave_like	bursty	-1	0	0	0.5
positive_wave_like	rate_mod	1	1	2	2.8
end_plate_spike_like	duration_ms	0	0.8	5	6.5
end_plate_spike_like	initial_positive	-0.5	0	0	0.5
end_plate_spike_like	rate_hz	2	5	80	120
end_plate_spike_like	cv_local	0.25	0.4	9	9.1
isolated_unit_like	duration_ms	4	6	30	40
isolated_unit_like	rate_hz	0	0	5	8
isolated_unit_like	cv_local	0.5	0.7	9	9.1
isolated_unit_like	doublet_frac	-1	0	0.15	0.3
isolated_unit_like	bursty	-1	0	0	0.5
multiplet_unit_like	duration_ms	4	6	30	40
multiplet_unit_like	doublet_frac	0.1	0.2	1	1.1
multiplet_unit_like	spikes_per_burst	1.2	1.5	4	6
multiplet_unit_like	rate_hz	0	0	20	30
continuous_unit_like	duration_ms	4	6	30	40
continuous_unit_like	tail_ms	0	0	6	9
continuous_unit_like	phases	0	1	5	6
continuous_unit_like	rate_hz	1	1.3	18.1	22
continuous_unit_like	cv_local	0	0.008	0.055	0.075
continuous_unit_like	bursty	-1	0	0	0.5
continuous_unit_like	rate_mod	1	1	1.3	1.5
voluntary_like	duration_ms	4	6	30	40
voluntary_like	tail_ms	0	0	6	9
voluntary_like	rate_hz	4	5	50	60
voluntary_like	cv_local	0.06	0.085	0.35	0.5
voluntary_like	bursty	-1	0	0	0.5
grouped_unit_like	duration_ms	4	6	30	40
grouped_unit_like	bursty	0.5	1	1	1.5
grouped_unit_like	intra_rate_hz	1.5	2	60	90
grouped_unit_like	spikes_per_burst	2	3	40	80
grouped_unit_like	doublet_frac	-1	-0.5	0.6	0.9
high_rate_unit_like	duration_ms	2	3	30	40
high_rate_unit_like	intra_rate_hz	100	150	300	400
high_rate_unit_like	amp_trend	-1.1	-1	-0.5	-0.2
waxing_waning_fibre_like	duration_ms	0	0.8	20	25
waxing_waning_fibre_like	rate_hz	12	20	150	180
waxing_waning_fibre_like	cv_local	0	0	0.12	0.2
waxing_waning_fibre_like	rate_mod	1.5	2	50	60
waxing_waning_fibre_like	amp_mod	1.3	1.6	50	60
waxing_waning_fibre_like	bursty	-1	0	0	0.5
complex_repetitive_like	phases	4	5	60	80
complex_repetitive_like	rate_hz	3	5	100	130
complex_repetitive_like	cv_local	0	0	0.02	0.04
complex_repetitive_like	bursty	-1	0	0	0.5
complex_repetitive_like	amp_mod	1	1	1.2	1.4
complex_repetitive_like	rate_mod	1	1	1.2	1.5
)";
}

}  // namespace emg
