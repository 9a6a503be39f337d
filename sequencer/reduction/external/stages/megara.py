"""Stage program: the real recipes of the MEGARA pipeline (numina 0.40.0, megaradrp 0.22) on a template's frames.

Called as `python megara.py FOLDER` by an interpreter that has both packages; needs nothing else of the
sequencer. Every block runs in a clean folder of its own, inputs validated. The recipe of a dark takes the
master bias that the bias recipe made earlier, and no other calibration.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

CONTRACT = 1
PAIR = {"numina": "0.40.0", "megaradrp": "0.22"}
"""Versions known to work together; the package index allows pairs that do not."""
RECIPES = {
    "MegaraBiasImage": ("master_bias", "MASTER_BIAS", []),
    "MegaraDarkImage": ("master_dark", "MASTER_DARK", ["MASTER_BIAS"]),
}
"""By mode: the recipe's result, the category of our product, the categories it needs."""
INSTALL = "pip install '.[megara]' in the checkout"
REQUIREMENT = {"MASTER_BIAS": "master_bias"}
DONE = 2
"""State of a numina task that ended well."""


def reduce(folder: Path) -> dict[str, Any]:
    """Run the recipes the manifest's frames ask for; the record of what came out."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    wrong = unfit()
    if wrong:
        return {"contract": CONTRACT, "products": [], "error": wrong}
    made = {one["category"]: one["file"] for one in manifest["calibrations"] if one["flag"] != "BAD"}
    groups: dict[int, list[dict[str, Any]]] = {}
    for frame in manifest["frames"]:
        if frame["dpr"][1] in RECIPES:
            groups.setdefault(frame["group"], []).append(frame)
    products = []
    for number, frames in sorted(groups.items(), key=lambda item: (item[1][0]["dpr"][1], item[0])):
        product = block(folder, number, frames, made)
        products.append(product)
        if "file" in product:
            made[product["category"]] = product["file"]
    software = ", ".join(f"{name} {version}" for name, version in PAIR.items())
    return {"contract": CONTRACT, "products": products, "software": software}


def unfit() -> str:
    """Why this interpreter cannot run the recipes; empty if it can."""
    for name, version in PAIR.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return f"{name} {version} is not installed for {sys.executable}: {INSTALL}"
        if found != version:
            return f"{name} is {found}, not {version}: only the pair {PAIR} is known to work"
    return ""


def block(folder: Path, number: int, frames: list[dict[str, Any]], made: dict[str, str]) -> dict[str, Any]:
    """Reduce one group of frames as a numina block; the product for the record."""
    mode = frames[0]["dpr"][1]
    result, category, needs = RECIPES[mode]
    name = result if frames[0]["dit_s"] == 0.0 else f"{result}_{frames[0]['dit_s']:g}s"
    product: dict[str, Any] = {"name": name, "category": category, "recipe": mode}
    missing = [need for need in needs if need not in made]
    if missing:
        return {**product, "wanting": missing, "qa": bad(f"{mode} needs {', '.join(missing)}: none is there yet")}
    names = [Path(frame["file"]).name for frame in frames]
    requirements = {REQUIREMENT[need]: str(folder / made[need]) for need in needs}
    base, identity = folder / f"block_{number}", f"{mode}-{number}"
    ask(base, identity, mode, names, requirements)
    try:
        state = run(base, folder / "frames", identity)
    except Exception as error:
        traceback.print_exc()
        return {**product, "qa": bad(f"the recipe failed: {type(error).__name__}: {error}")}
    inputs = [frame["file"] for frame in frames] + [made[need] for need in needs]
    results = base / f"obsid{identity}_results"
    return {**product, "inputs": inputs, **found(folder, results, result, state, names)}


def ask(base: Path, identity: str, mode: str, frames: list[str], requirements: dict[str, str]) -> None:
    """A clean folder with what numina is asked to do."""
    base.mkdir()
    write(base / "block.yaml", {"id": identity, "instrument": "MEGARA", "mode": mode, "frames": frames})
    write(base / "requirements.yaml", {"id": identity, "requirements": requirements})


def run(base: Path, frames: Path, identity: str) -> int:
    """Run the block's recipe with its inputs validated; the state of the task. Raises whatever numina does.

    Results are not validated: the recipe of a dark returns three HDUs and its own check wants one.
    """
    os.environ["XDG_CONFIG_HOME"] = str(base)
    os.chdir(base)
    logconf = importlib.import_module("numina.user.logconf").LOGCONF
    importlib.import_module("logging.config").dictConfig(logconf)
    session = importlib.import_module("numina.user.session").Session(basedir=base, datadir=frames)
    session.add_observations("block.yaml")
    task = session.run(identity, request="requirements.yaml", validate_inputs=True, validate_results=False)
    return int(task.state)


def found(folder: Path, results: Path, result: str, state: int, frames: list[str]) -> dict[str, Any]:
    """What the task left: product, log, structured text, and its flag."""
    answer = json.loads((results / "result.json").read_text(encoding="utf-8"))
    if state != DONE or set(answer["values"]) != {result}:
        return {"qa": bad(f"the task ended in state {state} with {sorted(answer['values'])}")}
    image = results / answer["values"][result]
    combined = sealed(image)
    whole = combined == len(frames)
    flag = answer["qc"] if answer["qc"] in ("GOOD", "PARTIAL", "BAD") else "PARTIAL"
    said = {"flag": flag, "reasons": [f"numina's flag is {answer['qc']}, which it gives without any check"]}
    return {
        "file": inside(folder, image),
        "log": inside(folder, results / "processing.log"),
        "attachments": [inside(folder, results / text) for text in ("result.json", "task.json")],
        "qa": said if whole else bad(f"{combined} frames combined, {len(frames)} given"),
        "figures": {"qc": answer["qc"], "frames_combined": combined, "unit": "ADU per exposure"},
    }


def sealed(path: Path) -> Any:
    """Give every HDU its own checksums, for numina leaves those of the first raw frame; the frames combined."""
    with importlib.import_module("astropy.io.fits").open(path, mode="update", memmap=True) as hdus:
        for hdu in hdus:
            hdu.add_checksum()
        return hdus[0].header["NUM-NCOM"]


def bad(reason: str) -> dict[str, Any]:
    """Quality of a product that is not there or of no use."""
    return {"flag": "BAD", "reasons": [reason]}


def inside(folder: Path, path: Path) -> str:
    """A path as the record gives it."""
    return str(path.relative_to(folder))


def write(path: Path, content: dict[str, Any]) -> None:
    """Write what numina reads as YAML; JSON is YAML too."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve()
    write(place / "record.json", reduce(place))
