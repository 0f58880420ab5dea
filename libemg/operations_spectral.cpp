#include "libemg/operations_internal.h"
#include "libemg/spectral/coherence.h"
#include "libemg/spectral/cumulant.h"
#include "libemg/spectral/frequency.h"
#include "libemg/spectral/line.h"
#include "libemg/spectral/multitaper.h"
#include "libemg/spectral/stft.h"
#include "libemg/spectral/wavelet.h"
#include "libemg/spectral/welch.h"

namespace emg {

std::vector<OperationEntry> spectral_operations() {
  return {
      operation("welch", "power spectral density of each channel (Welch)", &welch),
      operation("periodogram", "power spectral density of the whole record", &periodogram),
      operation("multitaper", "power spectral density of each channel from orthogonal tapers", &multitaper),
      operation("spectrogram", "power spectral density in short windows", &spectrogram),
      operation("wavelet", "power over time and frequency by Morlet wavelets", &wavelet),
      operation("coherence", "how strongly two channels are linked at each frequency, and the delay between them", &coherence),
      operation("coherence-matrix", "coherence of all pairs of channels", &coherence_matrix),
      operation("partial-coherence", "coherence of two channels without what they share with others", &partial_coherence),
      operation("cumulant", "at which delays two channels go together", &cumulant),
      operation("frequency-measures", "mean and median frequency and other numbers of the spectrum", &frequency_measures),
      operation("frequency-track", "mean and median frequency in short windows", &frequency_track),
      with_stream(operation("line", "power-line interference found in each channel", &line_harmonics), &line_harmonics_streamed),
  };
}

}  // namespace emg
