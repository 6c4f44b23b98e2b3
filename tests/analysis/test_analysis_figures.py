"""Labels and data of figures."""

from __future__ import annotations

import json

import plotly.graph_objects as go
from socsim_analysis.figures import arm_panels, embedded_figure, label, labels, script_json


def test_label_is_escaped_broken_and_shortened() -> None:
    assert label("a <b> & 'c'") == "a &lt;b&gt; &amp; 'c'"
    assert label("one two three four", width=8, lines=2) == "one two<br>three…"
    assert label("") == ""
    assert label("x\u202ey") == "x\ufffdy"


def test_labels_that_would_read_the_same_are_numbered() -> None:
    assert labels(["a long text one", "a long text two", "b"], width=7, lines=1) == ["a long… (1)", "a long… (2)", "b"]


def test_data_of_a_figure_cannot_end_its_script() -> None:
    data = script_json(json.dumps("</script><!--\u2028"))
    assert "<" not in data
    assert json.loads(data) == "</script><!--\u2028"
    markup = embedded_figure(go.Figure(go.Bar(x=["</script>"], y=[1])), 1, "cap", 'des"c')
    assert markup.count("</script>") == 1
    assert 'aria-label="des&quot;c"' in markup


def test_panels_stand_three_beside_each_other() -> None:
    assert arm_panels(["a", "b", "c", "d"])[1] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert arm_panels(["a"])[1] == [(1, 1)]
