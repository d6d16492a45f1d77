"""The notebook host with anywidget: what is chosen in the cell is known to Python, and the other way round."""

from functools import cache

from embedlab.explore.assets import script, style

# anywidget calls `render` with a model that both sides share and the element of the cell.
RENDER = """
export default {
  render({ model, el }) {
    const notes = document.createElement("div"), root = document.createElement("div");
    notes.className = "embedlab";
    notes.append(...model.get("bundle").notes.map((words) => {
      return Object.assign(document.createElement("p"), { className: "note", textContent: words });
    }));
    el.append(...(notes.childElementCount ? [notes, root] : [root]));
    const host = { kind: "widget", selected: (ids) => { model.set("chosen", ids); model.save_changes(); } };
    const view = EmbedLab.mount(root, model.get("bundle"), host);
    const asked = () => view.select(model.get("asked"), "by Python");
    model.on("change:asked", asked);
    root.view = view;
    return () => { model.off("change:asked", asked); view.destroy(); };
  },
};
"""


def widget_of(bundle: dict):
    """Give the widget that shows a bundle: `chosen` are the ids chosen in the cell, `asked` those that Python asks for.

    None where anywidget is not installed (`pip install 'embedlab[notebook]'`).
    """
    kind = _kind()
    return None if kind is None else kind(bundle=bundle)


@cache
def _kind():
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class MapWidget(anywidget.AnyWidget):
        _esm = script() + RENDER
        _css = style()
        bundle = traitlets.Dict().tag(sync=True)
        chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
        asked = traitlets.List(traitlets.Unicode()).tag(sync=True)

    return MapWidget
