"""The body plans: each file says where the parts of an animal lie (`pose`) and how it is drawn (`draw`).

`pose` is NumPy: named numbers, colours (n, 3) and keypoints in body units (the animal looks towards +x, up is
+y). `draw` takes the painter's canvas and the same numbers as tensors (b, 1); it needs no torch by name.
"""
