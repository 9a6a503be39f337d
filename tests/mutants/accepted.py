"""Mutants no test can tell from the program, each with the reason."""

from __future__ import annotations

from .population import Accepted

PIECES = "the size of the pieces a long array is worked on in: any gives the same result"
LONGER = "a work buffer longer than needed gives the same result"
BENDS = "a twilight's slope bends by 1e-6 / s^2: taken over 10 s more it moves a level by some 1e-4"
CIRCLE = "the circle's radius is irrational: no pixel lies on it"

ACCEPTED = (
    Accepted("sequencer/acquisition/checksum.py", "CHUNK_WORDS = 1 << 18", "1", "(2)", PIECES),
    Accepted("sequencer/acquisition/checksum.py", "CHUNK_WORDS = 1 << 18", "18", "(36)", PIECES),
    Accepted(
        "sequencer/acquisition/checksum.py",
        "buffer = np.empty(min(words.size, CHUNK_WORDS), np.uint32)",
        "min(words.size, CHUNK_WORDS)",
        "(max(words.size, CHUNK_WORDS))",
        LONGER,
    ),
    Accepted("sequencer/acquisition/fits.py", "CHUNK_PIXELS = 1 << 18", "1", "(2)", PIECES),
    Accepted("sequencer/acquisition/fits.py", "CHUNK_PIXELS = 1 << 18", "18", "(36)", PIECES),
    Accepted(
        "sequencer/acquisition/fits.py",
        "swapped = np.empty(min(flat.size, CHUNK_PIXELS), flat.dtype)",
        "min(flat.size, CHUNK_PIXELS)",
        "(max(flat.size, CHUNK_PIXELS))",
        LONGER,
    ),
    Accepted(
        "sequencer/acquisition/fits.py",
        'return header.replace(blank, f"CHECKSUM= \'{checksum}\'".encode("ascii"), 1)',
        "1",
        "(2)",
        "a header has one CHECKSUM card",
    ),
    Accepted(
        "sequencer/acquisition/sampling.py",
        "inside &= from_centre_y**2 + from_centre_x**2 <= INNER_SHARE * region.lit_fraction * nx * ny / math.pi",
        "from_centre_y ** 2 + from_centre_x ** 2 <= INNER_SHARE * region.lit_fraction * nx * ny / math.pi",
        "(from_centre_y ** 2 + from_centre_x ** 2 < INNER_SHARE * region.lit_fraction * nx * ny / math.pi)",
        CIRCLE,
    ),
    Accepted(
        "sequencer/acquisition/statistics.py",
        "return np.full(chip.values.size, percentile(chip.values, 0.5) if chip.values.size else 0.0)",
        "0.0",
        "(1.0)",
        "fills an array without elements",
    ),
    Accepted(
        "sequencer/reduction/median.py",
        "rows = max(1, BLOCK_PIXELS // max(nx, 1))",
        "BLOCK_PIXELS // max(nx, 1)",
        "(BLOCK_PIXELS * max(nx, 1))",
        PIECES,
    ),
    Accepted(
        "sequencer/config/yaml_reader.py",
        "for end in range(len(path), -1, -1):",
        "1",
        "(2)",
        "one step beyond the document itself, whose line is known (a step of -2 is noticed)",
    ),
    Accepted(
        "sequencer/exposure/dit.py",
        "break",
        "break",
        "pass",
        "ends a search that has converged: further steps change nothing",
    ),
    Accepted(
        "sequencer/observing/planning/dry_run.py",
        "SLOPE_STEP_S = 10.0",
        "10.0",
        "(20.0)",
        BENDS,
    ),
    Accepted(
        "sequencer/exposure/rate.py",
        "LARGEST_LOG = 150.0",
        "150.0",
        "(300.0)",
        "any bound beyond every real rate and below the overflow of exp (709) does the same",
    ),
    Accepted(
        "sequencer/exposure/rate.py",
        "SHAPE_STEP_S = 10.0",
        "10.0",
        "(20.0)",
        BENDS,
    ),
    Accepted(
        "sequencer/reduction/frames.py",
        'DARK, FLAT, LADDER, BIAS, INS_DARK = "dark", "flat", "ladder", "bias", "insdark"',
        "'bias'",
        "('mutant')",
        "a word of the room's own: nothing outside writes or shows it",
    ),
)
