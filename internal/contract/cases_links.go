package contract

import (
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// links writes the cases of a many-to-many relation.
func (b *builder) links(left, right qlp.Entity) {
	rule := func(c qlp.Acceptance) qlp.Acceptance { c.Rule = "many_to_many"; return c }
	id := left.Name + "." + right.Name
	of := func(l, r row) string { return at(left, l) + PathOf(right) + "/" + r.id }
	b.add(rule(about(id+".methods", "a method that links do not have", "it answers 405", false)), func(b *builder) {
		one := PathOf(left) + "/{id}" + PathOf(right)
		for _, path := range []string{one, one + "/{" + right.Name + "_id}", PathOf(right) + "/{id}" + PathOf(left)} {
			actual := strings.NewReplacer("{id}", "1", "{"+right.Name+"_id}", "1").Replace(path)
			b.unrouted(path, actual)
		}
		b.status(http.MethodPut, PathOf(right)+"/1"+PathOf(left)+"/1", http.StatusNotFound)
	})
	if !creatable(b.spec, left.Name) || !creatable(b.spec, right.Name) {
		return
	}
	size, _ := b.spec.Page()
	b.add(rule(about(id+".link", "rows are linked and unlinked", "both lists say so, whatever is repeated", true)), func(b *builder) {
		l1, l2, r1, r2 := b.create(left, false), b.create(left, false), b.create(right, false), b.create(right, false)
		b.page(at(left, l1)+PathOf(right), 1, size, 0)
		for range 2 {
			b.status(http.MethodPut, of(l1, r1), http.StatusNoContent)
		}
		b.status(http.MethodPut, of(l1, r2), http.StatusNoContent)
		b.status(http.MethodPut, of(l2, r2), http.StatusNoContent)
		b.page(at(left, l1)+PathOf(right), 1, size, 2, r1, r2)
		b.page(at(left, l1)+PathOf(right)+"?page_size=1&page=2", 2, 1, 2, r2)
		b.page(at(right, r2)+PathOf(left), 1, size, 2, l1, l2)
		b.page(at(right, r1)+PathOf(left), 1, size, 1, l1)
		b.status(http.MethodHead, at(right, r1)+PathOf(left), http.StatusOK)
		b.status(http.MethodDelete, of(l1, r2), http.StatusNoContent)
		b.status(http.MethodDelete, of(l1, r2), http.StatusNotFound)
		b.page(at(left, l1)+PathOf(right), 1, size, 1, r1)
		b.page(at(right, r2)+PathOf(left), 1, size, 1, l2)
	})
	b.add(rule(about(id+".missing", "a row of a link is not there", "it answers 404", false)), func(b *builder) {
		l, r := b.create(left, false), b.create(right, false)
		none := row{id: "999999999"}
		for _, path := range []string{of(l, none), of(none, r), of(l, row{id: "x"}), of(row{id: "0"}, r)} {
			b.status(http.MethodPut, path, http.StatusNotFound)
			b.status(http.MethodDelete, path, http.StatusNotFound)
		}
		b.status(http.MethodDelete, of(l, r), http.StatusNotFound)
		b.status(http.MethodGet, at(left, none)+PathOf(right), http.StatusNotFound)
		b.status(http.MethodGet, at(right, none)+PathOf(left), http.StatusNotFound)
		b.send(http.MethodGet, at(left, l)+PathOf(right)+"?no_such_parameter=1", "", http.StatusBadRequest, query("no_such_parameter"))
	})
	for _, side := range [][2]qlp.Entity{{left, right}, {right, left}} {
		if b.spec.Allows(side[1].Name, qlp.OpDelete) {
			b.linkedRowGoes(id, side[0], side[1], of, side[0].Name == left.Name)
		}
	}
}

// linkedRowGoes writes the case of a linked row that is deleted: its links go with it.
func (b *builder) linkedRowGoes(id string, stays, goes qlp.Entity, of func(l, r row) string, leftStays bool) {
	c := about(id+".delete."+goes.Name, "a linked "+goes.Name+" is deleted", "its links go with it", true)
	c.Rule = "many_to_many"
	size, _ := b.spec.Page()
	b.add(c, func(b *builder) {
		s, g := b.create(stays, false), b.create(goes, false)
		path := of(s, g)
		if !leftStays {
			path = of(g, s)
		}
		b.status(http.MethodPut, path, http.StatusNoContent)
		b.status(http.MethodDelete, at(goes, g), http.StatusNoContent)
		b.page(at(stays, s)+PathOf(goes), 1, size, 0)
		b.status(http.MethodDelete, path, http.StatusNotFound)
		b.get(stays, s)
	})
}
