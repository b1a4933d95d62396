"""Draws what was answered on a copy of a picture: a box around each face, and a bar for each probability under it."""

from PIL import ImageDraw, ImageFont

LINE, EDGE, PANEL, BAR, BEST = (255, 255, 255), (0, 0, 0), (0, 0, 0, 170), (150, 150, 150), (255, 176, 0)
LEAST = 90  # pixels of a box's side under which only the answer is written


def draw(image, faces):
    """Return a copy of an image (L or RGB) with its faces, a list of answers.Face, marked."""
    copy = image.convert("RGB")
    brush = ImageDraw.Draw(copy, "RGBA")
    for face in faces:
        box, width = face.box, max(1, round(face.box.side / 60))
        edge = max(0, box.side - 1)
        for colour, inset in ((EDGE, 0), (LINE, 1)) if edge > 2 else ((LINE, 0),):
            corners = (box.x + inset, box.y + inset, box.x + edge - inset, box.y + edge - inset)
            brush.rectangle(corners, outline=colour, width=width)
        _panel(brush, copy.size, face)
    return copy


def _panel(brush, size, face):
    # Under the box, or where the picture ends there, inside the box's lower edge.
    box = face.box
    lines = face.probabilities.items() if box.side >= LEAST else [(face.answer, None)]
    height = max(10, box.side // 12)
    top = min(box.y + box.side, size[1] - height * len(lines))
    font = ImageFont.load_default(height - 2)
    brush.rectangle((box.x, top, box.x + box.side - 1, top + height * len(lines) - 1), fill=PANEL)
    names = max(font.getlength(f"{name} ") for name, _ in lines)
    for number, (name, probability) in enumerate(lines):
        y = top + number * height
        brush.text((box.x + 2, y), name, fill=LINE, font=font)
        if probability is not None:
            start, room = box.x + 2 + names, box.side - 4 - names
            colour = BEST if name == face.answer else BAR
            brush.rectangle((start, y + 2, start + max(1, probability * room), y + height - 3), fill=colour)
