"""Small parts of a recording."""

from typing import NamedTuple, Optional


class Channel(NamedTuple):
    """One channel; unknown text is "", an unknown number None."""

    name: str = ""
    kind: str = "emg"
    unit: str = "uV"
    muscle: str = ""
    side: str = ""
    electrode_kind: str = ""
    group: str = ""
    reference: str = ""
    x_mm: Optional[float] = None
    y_mm: Optional[float] = None
    z_mm: Optional[float] = None
    interelectrode_mm: Optional[float] = None
    band_low_hz: Optional[float] = None
    band_high_hz: Optional[float] = None
    status: str = "good"
    count_uv: Optional[float] = None
    count_zero_uv: Optional[float] = None
    adc_min: Optional[int] = None
    adc_max: Optional[int] = None


class Gap(NamedTuple):
    """Samples that do not exist in the source; channel -1 means all."""

    channel: int = -1
    first_sample: int = 0
    sample_count: int = 0
    reason: str = ""


class Annotation(NamedTuple):
    onset_s: float
    duration_s: Optional[float] = None
    label: str = ""


class Stimulus(NamedTuple):
    onset_s: float
    nerve: str = ""
    side: str = ""
    site: str = ""
    intensity_ma: Optional[float] = None
    pulse_ms: Optional[float] = None


class Subject(NamedTuple):
    subject_id: str = ""
    sex: str = ""
    age_years: Optional[float] = None
    description: str = ""


class ReaderWarning(NamedTuple):
    code: str
    message: str
    channel: str = ""


class Provenance(NamedTuple):
    """One line of what led here; `run` numbers the operations."""

    run: int
    key: str
    value: str


class Stream(NamedTuple):
    """Channels of one rate and one kind in a file."""

    name: str
    kind: str
    rate_hz: float
    sample_count: int
    start_s: float
    channels: "tuple[str, ...]"


class ScannedFile(NamedTuple):
    """One file of a directory scan; `outcome` is "recording" or "skipped"."""

    path: str
    outcome: str
    format: str
    reason: str
