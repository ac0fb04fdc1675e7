package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reeve"
)

// condition is one --where: a field and what it has to be, or must not be.
type condition struct {
	field  string
	values []string // any of them; lower case
	not    bool
}

// parseWhere reads FIELD=VALUE and FIELD!=VALUE. A list of numbers means any of them; * stands for anything.
func parseWhere(texts []string) (all []condition, err error) {
	for _, s := range texts {
		field, value, ok := strings.Cut(s, "=")
		not := strings.HasSuffix(field, "!")
		field = strings.TrimSpace(strings.TrimSuffix(field, "!"))
		if !ok || field == "" {
			return nil, usageErr{fmt.Errorf("--where: %q is not of the form EventID=4688 or Image=*\\certutil.exe", s)}
		}
		c := condition{field: field, values: []string{strings.ToLower(value)}, not: not}
		if list := strings.Split(value, ","); !slices.ContainsFunc(list, func(n string) bool { return !isNumber(n) }) {
			c.values = list
		}
		all = append(all, c)
	}
	return all, nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// eventIDs takes the conditions on the event id, which readers check before they decode a record, out of the others. The function is nil
// when there are none.
func eventIDs(all []condition) (rest []condition, wanted func(id uint32) bool) {
	var ids []condition
	for _, c := range all {
		if strings.EqualFold(c.field, "EventID") {
			ids = append(ids, c)
		} else {
			rest = append(rest, c)
		}
	}
	if len(ids) == 0 {
		return rest, nil
	}
	return rest, func(id uint32) bool {
		text := strconv.FormatUint(uint64(id), 10)
		return !slices.ContainsFunc(ids, func(c condition) bool { return !c.holds(text) })
	}
}

func (c condition) holds(text string) bool {
	text = strings.ToLower(text)
	return c.not != slices.ContainsFunc(c.values, func(v string) bool { return like(v, text) })
}

// like compares with a pattern in which * stands for anything.
func like(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		middle, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, middle)
		}
		i := strings.Index(text, middle)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(middle):], after
	}
}

// selection checks the records of one worker; what a field is called in a class of records is found once.
type selection struct {
	conditions []condition
	classes    map[reeve.Class][]reeve.Handle
}

// selected tells whether all conditions hold. A field that a record does not have equals nothing.
func (s *selection) selected(rec reeve.Record) bool {
	if len(s.conditions) == 0 {
		return true
	}
	handles, ok := s.classes[rec.Class()]
	if !ok {
		for _, c := range s.conditions {
			handles = append(handles, rec.Resolve(c.field))
		}
		const most = 512 // a class may keep much of its file in memory
		if s.classes == nil || len(s.classes) >= most {
			s.classes = map[reeve.Class][]reeve.Handle{}
		}
		s.classes[rec.Class()] = handles
	}
	for i, c := range s.conditions {
		if !c.holdsOf(rec.Value(handles[i])) {
			return false
		}
	}
	return true
}

func (c condition) holdsOf(v reeve.Value) bool {
	switch v.Kind {
	case reeve.Absent, reeve.Null:
		return c.not
	case reeve.List:
		items := strings.Split(strings.TrimSuffix(v.String(), "\x00"), "\x00")
		any := slices.ContainsFunc(items, condition{values: c.values}.holds)
		return any != c.not
	}
	return c.holds(v.String())
}
