"""What each habitat looks like in each view: twenty short recipes on a `Scene`, from far to near."""

from __future__ import annotations

import numpy as np
from PIL import Image

from embedlab.world.scenery import Scene

GREENS = ((62, 98, 44), (84, 122, 52), (108, 142, 66), (46, 78, 40))
STRAW = ((188, 174, 92), (164, 158, 74), (206, 190, 118), (136, 146, 66))
LITTER = ((122, 78, 42), (152, 98, 52), (96, 66, 40), (170, 122, 66), (84, 72, 44), (110, 56, 36))
SAND = ((214, 178, 128), (196, 158, 108), (228, 196, 150))
LICHEN = ((178, 158, 82), (150, 98, 62), (128, 140, 112), (196, 190, 160), (104, 110, 96))
STONE = ((128, 126, 122), (150, 148, 144), (104, 102, 100))


def forest_side(s: Scene) -> None:
    """Trunks behind trunks, light through leaves, ferns on a dark floor."""
    s.grade((0, (128, 158, 96)), (0.45, (92, 124, 70)), (0.7, (52, 66, 38)), (1, (40, 34, 22)))
    s.discs(
        30,
        0.0,
        0.55,
        0.05,
        ((176, 200, 120), (142, 176, 96), (206, 220, 160), (60, 92, 46)),
        blur=0.02,
        opacity=0.7,
    )
    s.trunks(3.0, 0.018, (112, 124, 92), blur=0.012, foot=0.62)
    s.trunks(1.8, 0.030, (78, 76, 56), blur=0.006, foot=0.68, lit=0.25)
    s.discs(26, 0.62, 1.0, 0.06, ((62, 54, 32), (84, 66, 38), (50, 60, 32)), flat=0.35, blur=0.006)
    s.trunks(0.7, 0.062, (64, 50, 36), foot=0.80, lit=0.35)
    s.leaves(14, 0.035, GREENS, top=0.0, bottom=0.25, blur=0.004)
    s.blades(26, 0.92, 0.12, 0.006, GREENS, lean=0.7, spread=0.10)


def grassland_side(s: Scene) -> None:
    """Wide sky over hills and a meadow of straw and green blades."""
    s.grade((0, (150, 190, 222)), (0.42, (206, 222, 226)), (0.46, (190, 188, 130)), (1, (120, 124, 54)))
    s.cloud(0.9, 0.16, 12, 0, 0.40)
    s.ridge(0.44, 0.05, 2.6, (150, 164, 128), blur=0.008)
    s.ridge(0.50, 0.03, 1.6, (184, 182, 104), blur=0.008)
    s.cloud(0.7, 0.05, 10, 0.5, 1)
    s.blades(70, 0.60, 0.07, 0.003, STRAW, spread=0.05, blur=0.003)
    s.blades(80, 0.76, 0.13, 0.0045, (*STRAW, *GREENS[1:3]), spread=0.08)
    s.discs(6, 0.6, 0.95, 0.010, ((226, 200, 84), (220, 220, 214), (190, 110, 140)), opacity=0.9)
    s.blades(70, 0.99, 0.20, 0.006, (*STRAW, *GREENS[:3]), spread=0.08)


def wetland_side(s: Scene) -> None:
    """Still water with ripples and pads, a reed bank behind, cattails before."""
    s.grade(
        (0, (176, 192, 200)),
        (0.40, (214, 218, 208)),
        (0.47, (136, 160, 158)),
        (0.75, (84, 118, 124)),
        (1, (54, 82, 86)),
    )
    s.ridge(0.40, 0.03, 1.8, (112, 132, 108), blur=0.01)
    s.blades(
        70,
        0.50,
        0.14,
        0.004,
        ((122, 134, 82), (150, 148, 92), (96, 116, 74)),
        lean=0.12,
        blur=0.005,
        spread=0.01,
    )
    s.blades(60, 0.50, -0.09, 0.004, ((92, 112, 88), (104, 118, 92)), lean=0.10, blur=0.012)
    s.streaks(60, 0.53, 1.0, 0.16, 0.008, ((188, 204, 204), (60, 92, 98), (150, 178, 180)), 0.5)
    s.discs(5, 0.62, 0.98, 0.050, ((88, 124, 66), (110, 142, 76)), flat=0.28)
    s.blades(9, 1.02, 0.62, 0.006, ((84, 106, 56), (112, 122, 66)), lean=0.14, spread=0.05)


def desert_side(s: Scene) -> None:
    """Pale sky, far mesas, dunes with a lit and a dark flank, ripples, a few stones."""
    s.grade((0, (168, 196, 214)), (0.42, (236, 222, 194)), (0.48, (220, 184, 134)), (1, (194, 150, 98)))
    s.ridge(0.44, 0.03, 1.4, (188, 142, 116), blur=0.008)
    s.ridge(0.53, 0.07, 2.3, (226, 188, 136), blur=0.005)
    s.ridge(0.60, 0.05, 3.1, (204, 160, 108), blur=0.004)
    s.ridge(0.68, 0.06, 2.0, (222, 182, 130), blur=0.003)
    s.streaks(50, 0.72, 1.0, 0.20, 0.007, ((184, 138, 88), (236, 204, 156)), 0.6, blur=0.002)
    s.discs(3, 0.66, 1.0, 0.022, ((150, 116, 88), (122, 96, 76)), flat=0.6)
    s.blades(4, 0.86, 0.10, 0.004, ((134, 124, 70), (112, 104, 62)), lean=0.6, spread=0.12)


def tundra_side(s: Scene) -> None:
    """Overcast sky, snowy mountains, low lichen and moss with patches of snow and boulders."""
    s.grade((0, (186, 198, 210)), (0.45, (224, 228, 230)), (0.5, (150, 146, 124)), (1, (108, 100, 78)))
    s.ridge(0.40, 0.14, 1.1, (170, 182, 196), blur=0.006, rough=0.004)
    s.ridge(0.43, 0.10, 0.7, (226, 232, 236), blur=0.005, rough=0.006)
    s.ridge(0.52, 0.03, 2.0, (140, 136, 116), blur=0.006)
    s.cloud(0.4, 0.05, 12, 0.52, 1)
    s.discs(50, 0.56, 1.0, 0.035, LICHEN, flat=0.35, blur=0.002, opacity=0.85)
    s.patches(8, 0.56, 1.0, 0.085, ((234, 238, 242), (220, 226, 234)), flat=0.25, blur=0.003)
    s.discs(4, 0.58, 1.0, 0.035, STONE, flat=0.6)
    s.blades(26, 0.95, 0.05, 0.003, ((150, 130, 72), (124, 116, 66), (160, 104, 60)), lean=0.5, spread=0.25)


def forest_water(s: Scene) -> None:
    """Water brown with tannin, sunken branches, shafts of light, leaves on the bottom."""
    s.grade((0, (132, 122, 58)), (0.5, (84, 78, 38)), (1, (42, 36, 22)))
    s.shafts(1.6, (206, 196, 110), 0.22)
    s.trunks(1.0, 0.020, (52, 42, 26), blur=0.010, foot=1.0)
    s.blades(3, -0.02, -0.62, 0.012, ((46, 36, 24), (64, 50, 30)), lean=0.5)
    s.leaves(26, 0.040, LITTER, top=0.82, bottom=1.0)
    s.discs(30, 0, 1, 0.004, ((190, 180, 110),), opacity=0.6)


def grassland_water(s: Scene) -> None:
    """Clear green water over a meadow of ribbon weed."""
    s.grade((0, (164, 204, 168)), (0.6, (96, 150, 112)), (1, (58, 92, 60)))
    s.shafts(1.6, (220, 240, 200), 0.22)
    s.blades(26, 1.02, 0.55, 0.008, ((96, 146, 92), (112, 160, 100)), lean=0.25, blur=0.010)
    s.blades(34, 1.02, 0.40, 0.009, ((66, 116, 58), (88, 136, 62), (110, 150, 74)), lean=0.35, spread=0.02)


def wetland_water(s: Scene) -> None:
    """Murky pond: stems rising to pads above, mud below, drifting specks."""
    s.grade((0, (150, 164, 128)), (0.4, (108, 130, 108)), (0.85, (66, 82, 66)), (1, (58, 52, 38)))
    s.blades(5, 1.02, 1.05, 0.008, ((88, 100, 62), (72, 88, 58)), lean=0.06, blur=0.012)
    s.discs(3, 0.0, 0.10, 0.10, ((66, 96, 50), (54, 82, 46)), flat=0.25, blur=0.004)
    s.blades(2.5, 1.02, 0.98, 0.010, ((96, 106, 54), (70, 82, 44)), lean=0.05)
    s.discs(60, 0, 1, 0.005, ((186, 192, 150), (150, 160, 120)), opacity=0.45, blur=0.002)
    s.discs(20, 0.93, 1.04, 0.05, ((70, 60, 42), (54, 48, 34)), flat=0.4)


def desert_water(s: Scene) -> None:
    """A desert spring: turquoise and bright over rippled sand."""
    s.grade((0, (150, 222, 222)), (0.55, (96, 190, 196)), (0.74, (158, 196, 172)), (1, (214, 194, 148)))
    s.shafts(2.0, (240, 255, 250), 0.25)
    s.ridge(0.80, 0.05, 1.7, (196, 190, 150), blur=0.010)
    s.streaks(60, 0.82, 1.0, 0.14, 0.010, ((232, 216, 172), (176, 160, 120)), 0.7, blur=0.002)
    s.discs(2, 0.84, 1.0, 0.028, ((172, 146, 112), (140, 122, 100)), flat=0.6)


def tundra_water(s: Scene) -> None:
    """Under the ice: a white ceiling, deep blue, boulders."""
    s.grade((0, (214, 232, 240)), (0.12, (142, 186, 212)), (0.5, (66, 112, 152)), (1, (28, 54, 84)))
    s.patches(9, -0.04, 0.10, 0.11, ((236, 244, 248), (206, 226, 238)), flat=0.35, blur=0.004)
    s.shafts(1.2, (200, 226, 240), 0.20)
    s.discs(7, 0.90, 1.06, 0.09, ((62, 76, 92), (48, 60, 76), (80, 92, 104)), flat=0.6, blur=0.003)
    s.discs(26, 0, 1, 0.005, ((220, 236, 244),), opacity=0.6)


def forest_ground(s: Scene) -> None:
    """Fallen leaves over fallen leaves."""
    s.grade((0, (86, 64, 42)), (1, (86, 64, 42)))
    s.leaves(70, 0.085, LITTER)
    s.leaves(28, 0.075, LITTER)
    s.leaves(5, 0.060, GREENS)


def grassland_ground(s: Scene) -> None:
    """Turf from above: blades in all directions over soil."""
    s.grade((0, (94, 90, 50)), (1, (94, 90, 50)))
    s.leaves(150, 0.12, (*GREENS, *STRAW[1:2]), narrow=0.10)
    s.leaves(110, 0.13, (*GREENS[1:3], *STRAW), narrow=0.08)


def wetland_ground(s: Scene) -> None:
    """Wet mud with duckweed and moss, shining."""
    s.grade((0, (104, 104, 86)), (1, (104, 104, 86)))
    s.cloud(0.5, 0.5, 16, tint=(1, 1.05, 1.0))
    s.streaks(30, 0, 1, 0.10, 0.016, ((150, 168, 166), (46, 52, 46)), 0.4, blur=0.006)
    s.patches(14, 0, 1, 0.070, ((82, 108, 56), (94, 124, 62)), blur=0.010)
    s.discs(150, 0, 1, 0.013, ((126, 164, 72), (104, 146, 62), (146, 178, 90)))


def desert_ground(s: Scene) -> None:
    """Sand with slanting ripples and a few pebbles."""
    s.grade((0, (212, 174, 124)), (1, (206, 168, 118)))
    for top in range(10):
        s.ridge(top / 10 + 0.02, 0.05, 1.3, SAND[top % 3], blur=0.010)
    s.discs(260, 0, 1, 0.003, ((170, 134, 90), (240, 214, 172)), opacity=0.6)
    s.discs(4, 0, 1, 0.020, ((150, 118, 90), (186, 150, 116), (120, 100, 84)))


def tundra_ground(s: Scene) -> None:
    """Grey rock with rosettes of lichen and old snow."""
    s.grade((0, (136, 134, 130)), (1, (128, 128, 126)))
    s.cloud(0.25, 0.25, 16)
    s.patches(22, 0, 1, 0.060, LICHEN, blur=0.004)
    s.discs(70, 0, 1, 0.022, LICHEN, blur=0.002)
    s.patches(2.5, 0, 1, 0.15, ((230, 235, 240), (220, 226, 234)), blur=0.006)


def forest_leaves(s: Scene) -> None:
    """Broad leaves of the understorey, one over the other, with flecks of sun."""
    s.grade((0, (30, 50, 26)), (1, (30, 50, 26)))
    s.leaves(26, 0.20, ((34, 70, 32), (44, 84, 38), (38, 76, 44)), narrow=0.45, blur=0.006)
    s.leaves(16, 0.23, ((52, 100, 44), (64, 112, 50), (46, 92, 50), (84, 124, 56)), narrow=0.46)
    s.discs(14, 0, 1, 0.040, ((214, 226, 130),), blur=0.018, opacity=0.35)


def grassland_flowers(s: Scene) -> None:
    """A meadow from above: fine blades, daisies, clover and buttercups."""
    s.grade((0, (92, 112, 50)), (1, (92, 112, 50)))
    s.leaves(150, 0.11, (*GREENS, STRAW[1]), narrow=0.08, blur=0.003)
    s.leaves(90, 0.12, (*GREENS[1:3], (124, 152, 72)), narrow=0.09)
    s.flowers(9, 0.045, ((236, 236, 228), (228, 226, 214)), petals=9)
    s.flowers(6, 0.034, ((226, 196, 60),), petals=5, heart=(200, 160, 50))
    s.flowers(4, 0.040, ((178, 104, 152), (196, 128, 170)), petals=8, heart=(150, 84, 130))


def wetland_pads(s: Scene) -> None:
    """Dark water with the sky in it, lily pads, a few white lilies."""
    s.grade((0, (62, 88, 92)), (1, (62, 88, 92)))
    s.cloud(0.5, 0.4, 12, tint=(1, 1.05, 1.1))
    s.streaks(30, 0, 1, 0.12, 0.010, ((120, 150, 158), (40, 62, 66)), 0.35, blur=0.006)
    s.pads(7, 0.15, ((86, 124, 62), (104, 140, 70), (74, 112, 64), (124, 134, 72)))
    s.flowers(1.4, 0.070, ((238, 234, 236), (232, 196, 208)), petals=10)


def desert_bloom(s: Scene) -> None:
    """Gravel and sand after rain: pebbles, cushions and a few flowers."""
    s.grade((0, (208, 172, 126)), (1, (204, 166, 120)))
    s.cloud(0.4, 0.3, 10, tint=(1, 0.9, 0.75))
    s.discs(220, 0, 1, 0.006, ((172, 138, 100), (232, 206, 168), (188, 128, 96)), opacity=0.8)
    s.discs(16, 0, 1, 0.026, ((150, 118, 92), (188, 152, 120), (128, 108, 92)), flat=0.85)
    s.leaves(9, 0.045, ((128, 138, 84), (146, 148, 98)), narrow=0.30)
    s.flowers(3, 0.040, ((222, 150, 70), (226, 200, 96), (206, 112, 128)), petals=6)


def tundra_moss(s: Scene) -> None:
    """Moss and lichen cushions between stones, with small white and purple flowers."""
    s.grade((0, (98, 98, 74)), (1, (98, 98, 74)))
    s.patches(22, 0, 1, 0.10, ((110, 112, 62), (132, 118, 66), (92, 104, 66), (140, 98, 62)), blur=0.008)
    s.discs(160, 0, 1, 0.010, ((142, 138, 84), (98, 108, 60), (164, 150, 104)), opacity=0.7, blur=0.002)
    s.discs(5, 0, 1, 0.070, STONE, flat=0.8, blur=0.002)
    s.patches(10, 0, 1, 0.035, LICHEN, blur=0.003)
    s.flowers(8, 0.024, ((234, 234, 228), (160, 112, 172)), petals=5, heart=(206, 190, 110))


PLACES = {
    ("bird", "forest"): forest_side,
    ("bird", "grassland"): grassland_side,
    ("bird", "wetland"): wetland_side,
    ("bird", "desert"): desert_side,
    ("bird", "tundra"): tundra_side,
    ("fish", "forest"): forest_water,
    ("fish", "grassland"): grassland_water,
    ("fish", "wetland"): wetland_water,
    ("fish", "desert"): desert_water,
    ("fish", "tundra"): tundra_water,
    ("beetle", "forest"): forest_ground,
    ("beetle", "grassland"): grassland_ground,
    ("beetle", "wetland"): wetland_ground,
    ("beetle", "desert"): desert_ground,
    ("beetle", "tundra"): tundra_ground,
    ("butterfly", "forest"): forest_leaves,
    ("butterfly", "grassland"): grassland_flowers,
    ("butterfly", "wetland"): wetland_pads,
    ("butterfly", "desert"): desert_bloom,
    ("butterfly", "tundra"): tundra_moss,
}


def draw(view: str, habitat: str, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Draw one strip of land, (width, height) pixels; `view` is the body plan that lives in it."""
    scene = Scene(width, height, rng)
    PLACES[view, habitat](scene)
    return scene.strip()
