"""Writes the fields of a form as markup: each with its label, its help and what is wrong with it.

It shows what is filled in and decides nothing. Every part has a name of its own, so scripts and screen readers find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from service.admin import form_words, words
from service.admin.form_faults import FormFault
from service.admin.form_fields import Either, Field, Group, Leaf, LeafKind, Limits, Lines, Pairs, Parts, Picks, Shape
from service.admin.form_filling import MANY, MORE, THERE, Filled, below, fit_on_lines, is_optional
from service.markup import Child, Html, tag

PREFIX: Final = "r."  # before the names of all fields of a record, so that none is taken for one of the form's own
# What a record that is referred to is called, by its kind and id; None: there is none.
Titles = Callable[[str, str], str | None]

_FOLDED_FROM: Final = 4  # so many items of a list are folded up
_IN_LINE: Final = frozenset({"citations", "codes"})  # items that are small enough to need no frame
_ROWS: Final = 90  # about as many letters stand in a line of a text


def name_of(path: str) -> str:
    """The name of a field in the form."""
    return f"{PREFIX}{path}"


def id_of(path: str) -> str:
    """The id of a field in the page."""
    return f"f-{path}"


class FormWriter:
    """Writes one form."""

    def __init__(
        self,
        titles: Titles,
        faults: Iterable[FormFault] = (),
        remarks: Iterable[FormFault] = (),
        *,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        """``fixed`` are fields that cannot be changed any more, with what they say."""
        self._titles = titles
        self._faults: dict[str, list[tuple[str, str]]] = {}
        for level, found in (("fault", faults), ("remark", remarks)):
            for one in found:
                self._faults.setdefault(one.path, []).append((level, one.text))
        self._with_faults = {path[:dot] for path in self._faults for dot in range(len(path) + 1)}
        self._fixed = fixed or {}

    # --- the whole ----------------------------------------------------------------------------------------------------

    def sections(self, kind: str, shape: Group, filled: Filled) -> list[tuple[str, Html]]:
        """The parts of the form, with their titles."""
        fields = {field.name: field for field in shape.fields}
        given = filled if isinstance(filled, dict) else {}
        found = []
        for title, names in form_words.sections(kind, tuple(fields)):
            alone = len(names) == 1
            inside = [self._field(fields[name], given.get(name), "", titled=not alone) for name in names]
            found.append((title, tag("div", inside, class_="f-grid")))
        return found

    # --- fields -------------------------------------------------------------------------------------------------------

    def _fields(self, fields: Iterable[Field], filled: Filled, path: str) -> Html:
        given = filled if isinstance(filled, dict) else {}
        plain: list[Child] = []
        rare: list[Child] = []
        for field in fields:
            value = given.get(field.name)
            hidden = form_words.is_rare(field) and _is_idle(field, value)
            if hidden and below(path, field.name) in self._with_faults:
                hidden = False
            (rare if hidden else plain).append(self._field(field, value, path))
        more: Child = None
        if rare:
            summary = tag("summary", "More")
            more = tag(
                "details", summary, tag("div", rare, class_="f-grid"), class_="f-more wide", id=id_of(f"{path}-more")
            )
        return tag("div", plain, more, class_="f-grid")

    def _field(self, field: Field, filled: Filled, path: str, *, titled: bool = True) -> Html:
        place = below(path, field.name)
        label = form_words.label(field)
        if place in self._fixed:
            return self._told(place, label, self._fixed[place])
        if is_optional(field) and filled is None:
            return self._absent(field, place, label)
        shape = field.shape
        if isinstance(shape, Leaf):
            return self._leaf(shape, field, filled if isinstance(filled, str) else "", place, label)
        there = (
            tag("input", type="hidden", name=name_of(below(place, THERE)), value="1") if is_optional(field) else None
        )
        drop = self._button("drop", place, "Remove", f"Remove: {label}") if is_optional(field) else None
        body = self._body(shape, field, filled, place, label)
        if isinstance(shape, Lines | Picks) and drop is None:
            return body
        legend = tag("legend", tag("span", label), class_=None if titled else "visually-hidden")
        hint = self._hint(field, place) if not isinstance(shape, Lines | Picks) else None
        return tag(
            "fieldset",
            legend,
            drop,
            hint,
            self._said(place),
            there,
            body,
            class_="f-group wide",
            id=id_of(place),
            tabindex=-1,
        )

    def _body(self, shape: Shape, field: Field, filled: Filled, place: str, label: str) -> Html:
        if isinstance(shape, Group):
            return self._fields(shape.fields, filled, place)
        if isinstance(shape, Limits):
            return self._limits(field.name, filled, place)
        if isinstance(shape, Either):
            return self._either(shape, filled, place)
        items = filled if isinstance(filled, list) else []
        if isinstance(shape, Lines) and fit_on_lines(items):
            return self._lines(field, items, place, label)
        if isinstance(shape, Picks):
            return self._picks(shape, field, items, place, label)
        return self._items(shape, field, items, place)

    def _told(self, place: str, label: str, text: str) -> Html:
        hidden = tag("input", type="hidden", name=name_of(place), value=text)
        return tag(
            "div", tag("span", label, class_="form-label"), tag("code", text), hidden, self._said(place), class_="f"
        )

    def _absent(self, field: Field, place: str, label: str) -> Html:
        button = self._button("give", place, form_words.give(field) or f"Add: {label}", id_=id_of(place))
        return tag("div", button, self._hint(field, place), self._said(place), class_="f f-absent")

    def _leaf(self, leaf: Leaf, field: Field, text: str, place: str, label: str) -> Html:
        unit = form_words.unit(field.name) if leaf.kind in {LeafKind.NUMBER, LeafKind.WHOLE, LeafKind.LINE} else None
        wide = leaf.kind is LeafKind.TEXT or leaf.kind is LeafKind.REFERENCE or (leaf.longest or 0) > _ROWS
        return tag(
            "div",
            tag("label", label, self._needed(field), class_="form-label", for_=id_of(place)),
            self._hint(field, place),
            self._with_unit(self._input(leaf, text, place, required=field.required), unit),
            self._said(place),
            class_="f wide" if wide else "f",
        )

    def _input(self, leaf: Leaf, text: str, place: str, *, required: bool = False, label: str | None = None) -> Html:
        faulty = any(level == "fault" for level, _ in self._faults.get(place, ()))
        common: dict[str, str | int | None] = {
            "id": id_of(place),
            "name": name_of(place),
            "aria_required": "true" if required else None,
            "aria_invalid": "true" if faulty else None,
            "aria_describedby": f"{id_of(place)}-hint {id_of(place)}-said",
            "aria_label": label,
        }
        if leaf.kind in {LeafKind.CHOICE, LeafKind.YES_NO}:
            options = {"true": "Yes", "false": "No"} if leaf.kind is LeafKind.YES_NO else _terms(leaf.options)
            return _select(options, text, "Choose …" if required else "–", common)
        if leaf.kind is LeafKind.TEXT or "\n" in text:
            rows = max(2, min(14, text.count("\n") + 1 + len(text) // _ROWS))
            # The first line feed of a text area is not part of its text.
            return tag("textarea", f"\n{text}", class_="form-control", rows=rows, spellcheck="true", **common)
        if leaf.kind is LeafKind.REFERENCE:
            return self._reference(leaf, text, common)
        more: dict[str, str | int | None] = {"type": "date" if leaf.kind is LeafKind.DAY else "text"}
        if leaf.kind in {LeafKind.NUMBER, LeafKind.WHOLE}:
            more = {"type": "text", "inputmode": "decimal", "data_narrow": ""}
        return tag("input", value=text, class_="form-control", autocomplete="off", **more, **common)

    def _reference(self, leaf: Leaf, text: str, common: Mapping[str, str | int | None]) -> Html:
        title = self._titles(leaf.target, text) if text else None
        entry = tag(
            "input",
            type="text",
            value=text,
            class_="form-control",
            autocomplete="off",
            spellcheck="false",
            placeholder="Type a name …",
            data_type_ahead=leaf.target,
            **common,
        )
        told = tag("p", title or "", class_="f-title", hidden="" if title is None else None)
        return tag("div", entry, told, class_="combo")

    # --- numbers between limits ---------------------------------------------------------------------------------------

    def _limits(self, name: str, filled: Filled, place: str) -> Html:
        given = filled if isinstance(filled, dict) else {}
        sides: list[Child] = []
        for side, options, called in (
            ("lower", ("at_least", "above"), "From"),
            ("upper", ("below", "at_most"), "To"),
        ):
            chosen = {one: form_words.BOUNDS[one] for one in options}
            path = below(place, side)
            select = _select(
                chosen,
                str(given.get(f"{side}_is") or options[0]),
                None,
                {"name": name_of(f"{path}_is"), "id": id_of(f"{path}_is"), "aria_label": f"{called}: how"},
            )
            number = self._input(Leaf(LeafKind.NUMBER), str(given.get(side) or ""), path, label=f"{called}: number")
            sides.append(tag("div", select, number, self._said(path), class_="limit"))
        unit = form_words.unit(name)
        return tag("div", sides, tag("span", unit, class_="unit") if unit else None, class_="limits")

    # --- an expression ------------------------------------------------------------------------------------------------

    def _either(self, shape: Either, filled: Filled, place: str) -> Html:
        given = filled if isinstance(filled, dict) else {}
        key = str(given.get("is") or "")
        is_path = below(place, "is")
        select = _select(
            form_words.FACTS,
            key,
            None,
            {"id": id_of(is_path), "name": name_of(is_path), "aria_label": "What it is about", "data_again": ""},
        )
        again = tag("noscript", self._button("show", "", "Show its fields"))
        field = shape.choices.get(key)
        body: Child = None
        if field is not None:
            inner, at = given.get(key), below(place, key)
            if isinstance(field.shape, Leaf):
                text = inner if isinstance(inner, str) else ""
                body = self._input(field.shape, text, at, label=form_words.FACTS[key])
            elif isinstance(field.shape, Picks):
                body = self._picks(
                    field.shape, field, inner if isinstance(inner, list) else [], at, form_words.FACTS[key]
                )
            else:
                body = self._body(field.shape, field, inner, at, form_words.FACTS[key])
            body = (body, self._said(at) if not isinstance(field.shape, Picks) else None)
        return tag(
            "div",
            tag("div", select, again, class_="either-head"),
            tag("div", body, class_="either-body"),
            class_="either",
        )

    # --- lists --------------------------------------------------------------------------------------------------------

    def _lines(self, field: Field, items: Sequence[Filled], place: str, label: str) -> Html:
        text = "\n".join(str(one) for one in items)
        faulty = any(level == "fault" for level, _ in self._faults.get(place, ()))
        area = tag(
            "textarea",
            f"\n{text}",
            class_="form-control",
            rows=max(2, min(12, len(items) + 1)),
            id=id_of(place),
            name=name_of(place),
            aria_describedby=f"{id_of(place)}-hint {id_of(place)}-said",
            aria_invalid="true" if faulty else None,
            spellcheck="false",
        )
        head = tag("label", label, self._needed(field), class_="form-label", for_=id_of(place))
        hint = self._hint(field, place) or tag("p", "One on each line.", class_="hint", id=f"{id_of(place)}-hint")
        return tag("div", head, hint, area, self._said(place), class_="f")

    def _picks(self, shape: Picks, field: Field, items: Sequence[Filled], place: str, label: str) -> Html:
        leaf, called = shape.item, form_words.one_item(field.name)
        chips = [self._pick(leaf, str(one), below(place, number), place) for number, one in enumerate(items)]
        more = below(place, MORE)
        common: dict[str, str | int | None] = {
            "id": id_of(more),
            "name": name_of(more),
            "aria_describedby": f"{id_of(place)}-hint {id_of(place)}-said",
        }
        if leaf.kind is LeafKind.CHOICE:
            left = {key: text for key, text in _terms(leaf.options).items() if key not in items}
            entry = _select(left, "", f"Add {called} …", common)
        else:
            entry = tag(
                "input",
                type="text",
                value="",
                class_="form-control",
                autocomplete="off",
                spellcheck="false",
                placeholder=f"Add {called} …",
                data_type_ahead=leaf.target,
                **common,
            )
        add = self._button("add", place, "Add", f"Add to: {label}")
        return tag(
            "div",
            tag("label", label, self._needed(field), class_="form-label", for_=id_of(more)),
            self._hint(field, place),
            tag("ul", chips, class_="picks") if chips else None,
            tag("div", tag("div", entry, class_="combo"), add, class_="pick-more"),
            self._said(place),
            class_="f",
        )

    def _pick(self, leaf: Leaf, value: str, place: str, around: str) -> Html:
        if leaf.kind is LeafKind.CHOICE:
            title: str | None = words.term(value)
        else:
            title = self._titles(leaf.target, value)
        hidden = tag("input", type="hidden", name=name_of(around), value=value)
        shown = tag("span", title or value, title=value, class_=None if title else "unknown")
        return tag("li", hidden, shown, self._small("remove", place, "×", f"Remove {title or value}"))

    def _items(self, shape: Shape, field: Field, items: Sequence[Filled], place: str) -> Html:
        count = tag("input", type="hidden", name=name_of(below(place, MANY)), value=str(len(items)))
        rows = [
            self._item(shape, field, one, below(place, number), (number, len(items)))
            for number, one in enumerate(items)
        ]
        add = self._button("add", place, f"Add {form_words.one_item(field.name)}")
        return tag("div", count, rows, tag("p", add, class_="f-add"), class_="items")

    def _item(self, shape: Shape, field: Field, filled: Filled, place: str, of: tuple[int, int]) -> Html:
        number, many = of
        name = f"{words.capital(form_words.item(field.name))} {number + 1}"
        side = tag("div", self._moves(place, name, number, many), class_="item-moves")
        item = shape.item if isinstance(shape, Parts | Lines) else None
        if isinstance(item, Group) and field.name not in _IN_LINE:
            return self._item_group(item, filled, place, (name, many), side)
        body: Child
        if isinstance(shape, Pairs):
            body = self._pair(shape, field, filled, place)
        elif isinstance(item, Leaf):
            body = (self._input(item, filled if isinstance(filled, str) else "", place, label=name), self._said(place))
        elif isinstance(item, Either):
            body = (self._said(place), self._either(item, filled, place))
        else:
            body = (self._said(place), self._fields(item.fields if isinstance(item, Group) else (), filled, place))
        # A long text is a field itself, and has its id.
        part = None if isinstance(item, Leaf) else id_of(place)
        look = "item item-line item-reference" if isinstance(item, Group) else "item item-line"
        return tag("div", tag("div", body), side, class_=look, id=part, role="group", aria_label=name, tabindex=-1)

    def _moves(self, place: str, name: str, number: int, many: int) -> list[Child]:
        return [
            self._small("up", place, "↑", f"Move up: {name}") if number else None,
            self._small("down", place, "↓", f"Move down: {name}") if number < many - 1 else None,
            self._small("remove", place, "×", f"Remove: {name}"),
        ]

    def _item_group(self, item: Group, filled: Filled, place: str, called: tuple[str, int], side: Html) -> Html:
        name, many = called
        body = self._fields(item.fields, filled, place)
        told = self._gist(item, filled)
        gist = tag("span", told, class_="gist") if told else None
        if many < _FOLDED_FROM:
            legend = tag("legend", tag("span", name), gist)
            look = "item item-group"
            return tag("fieldset", legend, side, self._said(place), body, class_=look, id=id_of(place), tabindex=-1)
        inside = tag("div", side, self._said(place), body, class_="item-body")
        is_open = "" if place in self._with_faults or not told else None
        return tag(
            "details", tag("summary", name, gist), inside, class_="item item-group", id=id_of(place), open=is_open
        )

    def _pair(self, shape: Pairs, field: Field, filled: Filled, place: str) -> Html:
        key_label, value_name = form_words.OF_PAIRS[field.name]
        given = filled if isinstance(filled, dict) else {}
        value, at, key = given.get("value"), below(place, "value"), below(place, "key")
        entry = self._input(shape.key, str(given.get("key") or ""), key)
        head = tag("label", key_label, class_="form-label", for_=id_of(key))
        inner = replace(field, name=value_name, shape=shape.value, required=True, optional=False, default=None)
        label = form_words.label(inner)
        body = (
            self._leaf(shape.value, inner, value if isinstance(value, str) else "", at, label)
            if isinstance(shape.value, Leaf)
            else self._body(shape.value, inner, value, at, label)
        )
        return tag("div", tag("div", head, entry, self._said(key), class_="f"), body, class_="pair")

    def _gist(self, item: Group, filled: Filled) -> str:
        """What an item is about, in a few words: what it names first."""
        given = filled if isinstance(filled, dict) else {}
        told: list[str] = []
        for field in item.fields:
            value = given.get(field.name)
            leaf = field.shape.item if isinstance(field.shape, Picks) else field.shape
            if not isinstance(leaf, Leaf) or not value or leaf.kind in {LeafKind.TEXT, LeafKind.YES_NO}:
                continue
            for one in value if isinstance(value, list) else [value]:
                if leaf.kind is LeafKind.REFERENCE:
                    told.append(self._titles(leaf.target, str(one)) or str(one))
                else:
                    told.append(words.short_term(one) if leaf.kind is LeafKind.CHOICE else str(one))
        return " · ".join(told[:3])

    # --- pieces -------------------------------------------------------------------------------------------------------

    def _said(self, place: str) -> Html:
        """What is wrong with a field; there also when nothing is, for what is found while somebody types."""
        found = self._faults.get(place, ())
        lines = [tag("span", text, class_=level) for level, text in found]
        return tag("p", lines, class_="said", id=f"{id_of(place)}-said", data_said=place, hidden=None if found else "")

    @staticmethod
    def _hint(field: Field, place: str) -> Html | None:
        text = form_words.help_for(field)
        return None if text is None else tag("p", text, class_="hint", id=f"{id_of(place)}-hint")

    @staticmethod
    def _needed(field: Field) -> Child:
        return (" ", tag("span", "needed", class_="needed")) if field.required else None

    @staticmethod
    def _with_unit(entry: Html, unit: str | None) -> Html:
        return entry if unit is None else tag("div", entry, tag("span", unit, class_="unit"), class_="with-unit")

    @staticmethod
    def _button(action: str, place: str, text: str, label: str | None = None, id_: str | None = None) -> Html:
        value = f"{action}:{place}" if place else action
        return tag("button", text, type="submit", name="do", value=value, class_="btn btn-sm", aria_label=label, id=id_)

    @staticmethod
    def _small(action: str, place: str, text: str, label: str) -> Html:
        return tag(
            "button",
            tag("span", text, aria_hidden="true"),
            type="submit",
            name="do",
            value=f"{action}:{place}",
            class_="btn-small",
            aria_label=label,
        )


def _terms(options: Iterable[str]) -> dict[str, str]:
    return {one: words.term(one) for one in options}


def _select(options: Mapping[str, str], chosen: str, none: str | None, common: Mapping[str, str | int | None]) -> Html:
    found = [tag("option", none, value="")] if none is not None else []
    if chosen and chosen not in options:
        found.append(tag("option", chosen, value=chosen, selected=""))
    found += [tag("option", text, value=key, selected="" if key == chosen else None) for key, text in options.items()]
    return tag("select", found, class_="form-select", **common)


def _is_idle(field: Field, value: Filled) -> bool:
    """Whether nothing but what would be taken anyway is filled in."""
    if isinstance(field.shape, Leaf):
        return value in {"", None} or value == str(field.default).lower()
    if isinstance(field.shape, Group) and isinstance(value, dict):
        return all(_is_idle(one, value.get(one.name)) for one in field.shape.fields)
    return not value
