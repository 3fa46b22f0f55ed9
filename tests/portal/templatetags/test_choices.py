from django import forms

CHOICES = [("a&b", "A <b>"), (7, "Seven"), ("More", [("c", "C")])]


class ChoicesForm(forms.Form):
    boxes = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    radios = forms.ChoiceField(choices=CHOICES[:2], widget=forms.RadioSelect)
    select = forms.ChoiceField(choices=CHOICES)


def test_options_are_drawn_escaped_with_what_was_chosen():
    form = ChoicesForm({"boxes": ["a&b", "c"], "radios": "7", "select": "c"})
    boxes, radios, select = (str(form[name]) for name in ("boxes", "radios", "select"))
    box = (
        '<label for="id_boxes_0"><input type="checkbox" name="boxes" value="a&amp;b" id="id_boxes_0" checked>'
    )
    assert f"{box} A &lt;b&gt;</label>" in boxes
    assert 'role="group" aria-label="More"' in boxes
    assert boxes.count("checked") == 2
    assert 'value="7" id="id_radios_1" checked required' in radios
    assert '<optgroup label="More"><option value="c" selected>C</option></optgroup>' in select
    assert '<option value="a&amp;b">A &lt;b&gt;</option>' in select
