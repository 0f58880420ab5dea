"""Signatures and docstrings made from the option tables, when somebody asks for them."""

from typing import Any, Callable, Dict, List, Optional

_TYPES = {"boolean": "bool", "integer": "int", "number": "float", "text": "str", "choice": "str", "number_list": "list[float]",
          "text_list": "list[str]"}
_RETURNS = {"channels": "signal of the kind that was given", "arrays": "Arrays", "events": "Events", "rows": "Table",
            "sweeps": "Sweeps", "sweep_rows": "Table"}
_COMMON = (("threads", 1), ("layout", None), ("progress", None))


def type_text(field: Dict[str, Any]) -> str:
    return _TYPES[field["type"]] + (" | None" if field["optional"] else "")


def _range_text(field: Dict[str, Any]) -> str:
    low, high = field["range"]
    unit = f" {field['unit']}" if field["unit"] else ""
    if low is None and high is None:
        return f", {field['unit']}" if unit else ""
    low_text, high_text = ("-inf" if low is None else f"{low:g}"), ("inf" if high is None else f"{high:g}")
    return f", {low_text} to {high_text}{unit}"


def field_lines(fields: List[Dict[str, Any]], *, defaults: bool) -> List[str]:
    lines = []
    for field in fields:
        default = f", default {field['default']!r}" if defaults else ""
        kind = type_text(field) if defaults else (field["unit"] or _TYPES[field["type"]])
        lines.append(f"{field['name']} : {kind}{_range_text(field) if defaults else ''}{default}")
        choices = f" ({', '.join(field['choices'])})" if field["choices"] else ""
        lines.append(f"    {field['description']}{choices}")
    return lines


def _section(title: str, lines: List[str]) -> List[str]:
    return ["", title, "-" * len(title), *lines] if lines else []


def _fields_of(description: Dict[str, Any]) -> Any:
    return next(iter(description["options"].values()))


def python_name(name: str) -> str:
    return name.replace("-", "_")


def operation_doc(description: Dict[str, Any]) -> str:
    name = python_name(description["name"])
    lines = [description["summary"][:1].upper() + description["summary"][1:] + "."]
    if description["kind"] in ("sweeps", "sweep_rows"):
        return _sweeps_doc(description, lines)
    lines += _section("Parameters", [
        "signal : array, Recording, DataFrame or DataArray", "    channels x samples or one trace, microvolts; an array that is float64 and contiguous is not copied,",
        "    any other type or order of real numbers is converted once",
        "rate_hz : float, Hz", "    sampling rate; not needed where the signal carries it",
        *field_lines(_fields_of(description), defaults=True),
        "threads : int, default 1", "    0: all processors; the result has the same bits for any number",
        "layout : str | None, default None", "    axes of an array: channels_samples or samples_channels",
        "progress : callable | bool | None, default None", "    True: a line on standard error; callable(done, total, stage)"])
    results = [f"    {line}" for line in field_lines(description["results"], defaults=False)]
    lines += _section("Returns", [_RETURNS[description["kind"]], *results])
    lines += _section("Raises", ["InvalidArgument", "    an option outside its range, a signal that is empty or not finite"])
    lines += _section("Example", [">>> import endplate as ep", ">>> rec = ep.simulate(\"surface\", duration_s=2, seed=1)",
                                  f">>> result = ep.{name}(rec)"])
    return "\n".join(lines)


def _sweeps_doc(description: Dict[str, Any], lines: List[str]) -> str:
    lines += _section("Parameters", ["sweeps : Sweeps", "    sweeps x samples, microvolts, aligned to the stimulus",
                                     *field_lines(_fields_of(description), defaults=True),
                                     "threads : int, default 1", "    0: all processors; the result has the same bits for any number"])
    results = [f"    {line}" for line in field_lines(description["results"], defaults=False)]
    lines += _section("Returns", [_RETURNS[description["kind"]], *results])
    lines += _section("Raises", ["InvalidArgument", "    an option outside its range, sweeps that are empty or not finite"])
    lines += _section("Example", [">>> import endplate as ep", ">>> sweeps = ep.simulate(\"motor-ncs\", seed=1)",
                                  f">>> result = ep.{python_name(description['name'])}(sweeps)"])
    return "\n".join(lines)


def _annotation(field: Dict[str, Any]) -> Any:
    kinds: Dict[str, Any] = {"boolean": bool, "integer": int, "number": float, "text": str, "choice": str, "number_list": List[float],
                             "text_list": List[str]}
    kind = kinds[field["type"]]
    return Optional[kind] if field["optional"] else kind


def _keyword_parameters(fields: List[Dict[str, Any]]) -> List[Any]:
    from inspect import Parameter

    return [Parameter(f["name"], Parameter.KEYWORD_ONLY, default=f["default"], annotation=_annotation(f)) for f in fields]


def operation_signature(description: Dict[str, Any]) -> Any:
    from inspect import Parameter, Signature

    if description["kind"] in ("sweeps", "sweep_rows"):
        return Signature([Parameter("sweeps", Parameter.POSITIONAL_ONLY), *_keyword_parameters(_fields_of(description)),
                          Parameter("threads", Parameter.KEYWORD_ONLY, default=1)])
    parameters = [Parameter("signal", Parameter.POSITIONAL_ONLY)]
    parameters += [Parameter("rate_hz", Parameter.KEYWORD_ONLY, default=None, annotation=Optional[float])]
    parameters += _keyword_parameters(_fields_of(description))
    parameters += [Parameter(name, Parameter.KEYWORD_ONLY, default=default) for name, default in _COMMON]
    return Signature(parameters)


class DescribedFunction:
    """A function whose keywords are an option table of the library."""

    def __init__(self, function: Callable[..., Any], fields: Callable[[], List[Dict[str, Any]]]) -> None:
        self._function, self._fields = function, fields
        self.__name__ = self.__qualname__ = function.__name__.lstrip("_")
        self.__module__ = "endplate"

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._function(*arguments, **options)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<function endplate.{self.__name__}>"

    @property
    def __signature__(self) -> Any:
        from inspect import Parameter, signature

        own = [p for p in signature(self._function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        return signature(self._function).replace(parameters=own + _keyword_parameters(self._fields()))

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return "\n".join([self._function.__doc__ or "", *_section("Options", field_lines(self._fields(), defaults=True))])
