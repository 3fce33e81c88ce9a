"""A person's joints as the coloured skeleton that OpenPose draws, and that ControlNets for poses were taught with."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

NECK = 17
LEFT_SHOULDER, RIGHT_SHOULDER = 5, 6
LIMBS = (
    (NECK, 6), (NECK, 5), (6, 8), (8, 10), (5, 7), (7, 9), (NECK, 12), (12, 14), (14, 16), (NECK, 11), (11, 13),
    (13, 15), (NECK, 0), (0, 2), (2, 4), (0, 1), (1, 3),
)  # fmt: skip
"""Pairs of joints in OpenPose's order of limbs; joints have COCO's numbers, and the neck is between the shoulders."""
JOINTS = (0, NECK, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""COCO's numbers in OpenPose's order of joints."""
LIMB_SHADE = 0.6


def draw_skeleton(joints: Mapping[int, Point], size: tuple[int, int]) -> NDArray[np.uint8]:
    """RGB (height, width, 3), black where there is nothing. `joints` are those that were seen, by COCO's numbers."""
    width, height = size
    canvas = np.zeros((height, width, 3), np.uint8)
    thickness = max(1, round(min(size) / 128))
    joints = with_neck(joints)
    for number, (first, second) in enumerate(LIMBS):
        if first in joints and second in joints:
            _limb(canvas, joints[first], joints[second], colour(number), thickness)
    for number, joint in enumerate(JOINTS):
        if joint in joints:
            cv2.circle(canvas, _whole(joints[joint]), thickness, colour(number), -1)
    return canvas


def with_neck(joints: Mapping[int, Point]) -> dict[int, Point]:
    if LEFT_SHOULDER not in joints or RIGHT_SHOULDER not in joints:
        return dict(joints)
    (left, top), (right, bottom) = joints[LEFT_SHOULDER], joints[RIGHT_SHOULDER]
    return {**joints, NECK: ((left + right) / 2, (top + bottom) / 2)}


def colour(number: int) -> tuple[int, int, int]:
    """Of a limb or joint: the hues in a circle, from red on, in eighteen steps."""
    red, green, blue = colorsys.hsv_to_rgb(number / len(JOINTS), 1.0, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def _limb(canvas: NDArray[np.uint8], first: Point, second: Point, full: tuple[int, int, int], thickness: int) -> None:
    """A long ellipse between two joints, darker than these."""
    length = float(np.hypot(second[0] - first[0], second[1] - first[1]))
    angle = float(np.degrees(np.arctan2(second[1] - first[1], second[0] - first[0])))
    middle = _whole(((first[0] + second[0]) / 2, (first[1] + second[1]) / 2))
    red, green, blue = (round(LIMB_SHADE * part) for part in full)
    cv2.ellipse(canvas, middle, (round(length / 2), thickness), angle, 0, 360, (red, green, blue), -1)


def _whole(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])
