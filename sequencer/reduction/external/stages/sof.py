"""Stage program: recipes behind a runner that reads set-of-frames files (`.sof`), such as those of METIS.

Called as `python sof.py FOLDER`; needs numpy and astropy. The deployment's `parameters` say all there is to
know of the recipes: `runner` is the command that gets recipe and set of frames appended; each of `recipes`
has

    recipe        its name
    raw           {tag: [DPR CATG, DPR TYPE, DPR TECH]} of the frames it takes
    calibrations  categories it needs (the tags of their files), `optional` those it can do without
    match         categories that must be of the same camera, mode, window, DIT and NDIT as the frames
    settings      parameters of the recipe: `linlimit: 44000` becomes `--RECIPE.linlimit=44000` before the set
    join          true: all groups of a camera in one set (a DIT ladder); else one set a group

The name of a list of recipes (`recipes: metis`) stands for the rules of `configs/keywords/recipes`, which
`sequencer classify` goes by. `blank` are categories of which, where none is there, an image of zeros is given:
nothing is corrected by it. `install` is said where the runner is not there. Recipes run in the order they stand in,
each in a clean folder; what one makes calibrates the next. Products are told by their `ESO PRO CATG`, and their
`ESO QC` cards are figures of the record.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

CONTRACT = 1
LOG = "runner.log"
SAME = ("camera", "mode", "window", "dit_s", "ndit")

Entry = dict[str, Any]


def reduce(folder: Path) -> Entry:
    """Run every recipe that finds frames; the record of what came out."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    parameters = manifest["parameters"]
    if shutil.which(parameters["runner"][0]) is None:
        how = parameters.get("install", "it is no program on the PATH")
        lack = f"{parameters['runner'][0]} is not installed: {how}"
        return {"contract": CONTRACT, "products": [], "error": lack}
    known = [one for one in manifest["calibrations"] if one["flag"] != "BAD"]
    products: list[Entry] = []
    calls: Counter[str] = Counter()
    for rule in parameters["recipes"]:
        for frames in sets(rule, manifest["frames"]):
            calls[rule["recipe"]] += 1
            found = run(folder, parameters, rule, calls[rule["recipe"]], frames, known)
            products += found
            known += [
                {**product, "flag": "", **{key: frames[0][key] for key in SAME}}
                for product in found
                if "file" in product
            ]
    return {"contract": CONTRACT, "products": products, "software": parameters["runner"][0]}


def sets(rule: Entry, frames: list[Entry]) -> list[list[Entry]]:
    """The frames a recipe takes, tagged, in the sets it takes them in."""
    tags = {tuple(dpr): tag for tag, dpr in rule["raw"].items()}
    found: dict[Any, list[Entry]] = {}
    for frame in frames:
        tag = tags.get(tuple(frame["dpr"]))
        if tag:
            group = frame["camera"] if rule.get("join") else frame["group"]
            found.setdefault(group, []).append({**frame, "tag": tag})
    return [found[group] for group in sorted(found)]


def run(
    folder: Path, parameters: Entry, rule: Entry, number: int, frames: list[Entry], known: list[Entry]
) -> list[Entry]:
    """One call of a recipe: its products, or one that says what it lacked or how it failed."""
    recipe = rule["recipe"]
    place = folder / f"{recipe}_{number}"
    place.mkdir()
    chosen = {kind: choice(kind, rule, frames[0], known) for kind in rule.get("calibrations", [])}
    blank = [kind for kind in parameters.get("blank", []) if kind in chosen and chosen[kind] is None]
    chosen |= {kind: {"file": zeros(folder, place, kind, frames[0])} for kind in blank}
    missing = [kind for kind, one in chosen.items() if one is None]
    product: Entry = {"name": place.name, "category": recipe, "recipe": recipe, "inputs": inputs(frames, {})}
    if missing:
        lack = f"{recipe} needs {', '.join(missing)}: none is there"
        return [{**product, "wanting": missing, "qa": bad(lack)}]
    chosen |= {kind: choice(kind, rule, frames[0], known) for kind in rule.get("optional", [])}
    lines = [f"{folder / frame['file']} {frame['tag']}" for frame in frames]
    lines += [f"{folder / one['file']} {kind}" for kind, one in chosen.items() if one]
    (place / "frames.sof").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = [f"--{recipe}.{name}={value:g}" for name, value in rule.get("settings", {}).items()]
    code = call([*parameters["runner"], recipe, *settings, "frames.sof"], place)
    product |= {"log": f"{place.name}/{LOG}", "inputs": inputs(frames, chosen)}
    return made(product, place, number, code, [f"{kind} was zeros: nothing is corrected by it" for kind in blank])


def call(command: list[str], place: Path) -> int:
    """Exit code of the runner, started in a recipe's folder; what it prints is its log."""
    with (place / LOG).open("wb") as output:
        ended = subprocess.run(command, cwd=place, stdout=output, stderr=subprocess.STDOUT, check=False)
    return ended.returncode


def made(product: Entry, place: Path, number: int, code: int, remarks: list[str]) -> list[Entry]:
    """The FITS files a recipe left, each as a product by its category; if it failed, the one that says so."""
    recipe = product["recipe"]
    files = {path: cards(path) for path in sorted(place.glob("*.fits")) if not path.is_symlink()}
    if code != 0 or not files:
        return [{**product, "qa": bad(f"{recipe} ended with code {code} and {len(files)} products")}]
    categories = Counter(found.get("ESO PRO CATG", "") for found in files.values())
    return [
        {
            **product,
            "name": f"{named(path, found, categories)}_{number}",
            "file": f"{place.name}/{path.name}",
            "category": found.get("ESO PRO CATG", "UNKNOWN"),
            "figures": quality(found),
            "qa": judged(recipe, path, found, remarks),
        }
        for path, found in files.items()
    ]


def named(path: Path, found: dict[str, str], categories: Counter[str]) -> str:
    """A product by its category, if it is the only one of a call: runners put the time into names of files."""
    kind = found.get("ESO PRO CATG", "")
    return kind if kind and categories[kind] == 1 else path.stem


def quality(found: dict[str, str]) -> dict[str, str]:
    """The quality parameters of a header."""
    return {name: value for name, value in found.items() if name.startswith("ESO QC ")}


def judged(recipe: str, path: Path, found: dict[str, str], remarks: list[str]) -> Entry:
    """Quality of a product that is there: the recipe gives no flag, but figures."""
    if "ESO PRO CATG" not in found:
        return bad(f"{path.name} has no ESO PRO CATG")
    reasons = [f"{recipe} ended with code 0; it gives no quality flag of its own", *remarks]
    told = [f"{name.removeprefix('ESO QC ')} {value}" for name, value in quality(found).items()]
    return {"flag": "PARTIAL", "reasons": [*reasons, *([f"QC: {', '.join(told)}"] if told else [])]}


def zeros(folder: Path, place: Path, kind: str, frame: Entry) -> str:
    """A file with one image of zeros, of the size of a frame's first image; its place in the folder."""
    size = fits.getheader(folder / frame["file"], 1)
    primary = fits.PrimaryHDU()
    primary.header["HIERARCH ESO PRO CATG"] = kind
    image = fits.ImageHDU(np.zeros((size["NAXIS2"], size["NAXIS1"]), np.float32), name=kind)
    blank = folder / "blank" / place.name
    blank.mkdir(parents=True)
    path = blank / f"{kind}.fits"
    fits.HDUList([primary, image]).writeto(path)
    return str(path.relative_to(folder))


def choice(kind: str, rule: Entry, frame: Entry, known: list[Entry]) -> Entry | None:
    """The calibration of a category for a set: of the same read-out where the recipe asks for it, the last made."""
    suited = [one for one in known if one["category"] == kind]
    if kind in rule.get("match", []):
        suited = [one for one in suited if all(one[key] == frame[key] for key in SAME)]
    return suited[-1] if suited else None


def inputs(frames: list[Entry], chosen: dict[str, Entry | None]) -> list[str]:
    """Paths of the manifest that went in; what was made here on the way is not of the manifest."""
    used = [one["file"] for one in chosen.values() if one and one["file"].startswith("calibrations/")]
    return [frame["file"] for frame in frames] + used


def cards(path: Path) -> dict[str, str]:
    """The cards of a product's primary header as texts; none of what is no FITS file."""
    try:
        header = fits.getheader(path)
        return {key: str(value).strip() for key, value in header.items()}
    except (OSError, fits.VerifyError):
        return {}


def bad(reason: str) -> Entry:
    """Quality of a product that is not there or of no use."""
    return {"flag": "BAD", "reasons": [reason]}


if __name__ == "__main__":
    home = Path(sys.argv[1]).resolve()
    (home / "record.json").write_text(json.dumps(reduce(home), indent=1) + "\n", encoding="utf-8")
