package sigma

import (
	"encoding/base64"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"go.yaml.in/yaml/v4"
)

// The naive evaluator is a second reading of the specification, which shares no code with the first: it makes a function of
// every part of a rule, and a regular expression of every text.

// testEvent is an event as tests state it: values by field, "" for values of no field; a nil list is a field stated as null.
type testEvent map[string][]string

type naive func(testEvent) bool

// naiveRule makes a function of a detection.
func naiveRule(detection string, placeholders map[string][]string) (naive, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(detection), &doc); err != nil {
		return nil, err
	}
	searches := map[string]naive{}
	var names, conditions []string
	m := doc.Content[0]
	for i := 0; i < len(m.Content); i += 2 {
		name, v := m.Content[i].Value, m.Content[i+1]
		if name == "condition" {
			if conditions = []string{v.Value}; v.Kind == yaml.SequenceNode {
				conditions = nil
				for _, x := range v.Content {
					conditions = append(conditions, x.Value)
				}
			}
			continue
		}
		s, err := naiveSearch(v, placeholders)
		if err != nil {
			return nil, err
		}
		searches[name] = s
		names = append(names, name)
	}
	var out []naive
	for _, c := range conditions {
		words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(c))
		f, rest := naiveOr(words, names, searches)
		if f == nil || len(rest) > 0 {
			return nil, fmt.Errorf("condition %q", c)
		}
		out = append(out, f)
	}
	return anyOf(out), nil
}

func anyOf(list []naive) naive {
	return func(e testEvent) bool {
		for _, f := range list {
			if f(e) {
				return true
			}
		}
		return false
	}
}

func allOf(list []naive) naive {
	return func(e testEvent) bool {
		for _, f := range list {
			if !f(e) {
				return false
			}
		}
		return true
	}
}

func not(f naive) naive { return func(e testEvent) bool { return !f(e) } }

func naiveOr(words, names []string, searches map[string]naive) (naive, []string) {
	f, rest := naiveAnd(words, names, searches)
	list := []naive{f}
	for f != nil && len(rest) > 0 && strings.ToLower(rest[0]) == "or" {
		f, rest = naiveAnd(rest[1:], names, searches)
		list = append(list, f)
	}
	if f == nil {
		return nil, nil
	}
	return anyOf(list), rest
}

func naiveAnd(words, names []string, searches map[string]naive) (naive, []string) {
	f, rest := naiveOperand(words, names, searches)
	list := []naive{f}
	for f != nil && len(rest) > 0 && strings.ToLower(rest[0]) == "and" {
		f, rest = naiveOperand(rest[1:], names, searches)
		list = append(list, f)
	}
	if f == nil {
		return nil, nil
	}
	return allOf(list), rest
}

func naiveOperand(words, names []string, searches map[string]naive) (naive, []string) {
	if len(words) == 0 {
		return nil, nil
	}
	switch first := strings.ToLower(words[0]); {
	case first == "not":
		if f, rest := naiveOperand(words[1:], names, searches); f != nil {
			return not(f), rest
		}
		return nil, nil
	case first == "(":
		f, rest := naiveOr(words[1:], names, searches)
		if f == nil || len(rest) == 0 || rest[0] != ")" {
			return nil, nil
		}
		return f, rest[1:]
	case len(words) > 2 && strings.ToLower(words[1]) == "of":
		pattern := words[2]
		re := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
		var list []naive
		for _, n := range names {
			hidden := n[0] == '_' && pattern[0] != '_'
			if !hidden && (strings.EqualFold(pattern, "them") || re.MatchString(n)) {
				list = append(list, searches[n])
			}
		}
		if len(list) == 0 {
			return nil, nil
		}
		if first == "all" {
			return allOf(list), words[3:]
		}
		return anyOf(list), words[3:]
	}
	return searches[words[0]], words[1:]
}

func naiveSearch(v *yaml.Node, placeholders map[string][]string) (naive, error) {
	var list []naive
	switch v.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(v.Content); i += 2 {
			if v.Content[i].Value == "<<" { // of the one test that merges, which overrides User
				v.Content[i], v.Content[i+1] = v.Content[i+1].Alias.Content[0], v.Content[i+1].Alias.Content[1]
			}
			f, err := naiveItem(v.Content[i].Value, v.Content[i+1], placeholders)
			if err != nil {
				return nil, err
			}
			list = append(list, f)
		}
		return allOf(list), nil
	case yaml.SequenceNode:
		for _, x := range v.Content {
			f, err := naiveSearch(x, placeholders)
			if err != nil {
				return nil, err
			}
			list = append(list, f)
		}
		return anyOf(list), nil
	}
	return naiveItem("", v, placeholders)
}

func naiveItem(key string, v *yaml.Node, placeholders map[string][]string) (naive, error) {
	mods := strings.Split(key, "|")
	field := strings.ReplaceAll(mods[0], " ", "")
	mods = mods[1:]
	has := func(m string) bool {
		for _, x := range mods {
			if x == m {
				return true
			}
		}
		return false
	}
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	values := v.Content
	if v.Kind == yaml.ScalarNode {
		values = []*yaml.Node{v}
	} else if len(values) == 0 {
		values = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null"}}
	}
	var list []naive
	for _, x := range values {
		f, err := naiveValue(field, mods, x, placeholders)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	f := anyOf(list)
	if has("all") {
		f = allOf(list)
	}
	if has("neq") {
		f = not(f)
	}
	return f, nil
}

// each asks a question of every value of a field, or of all.
func each(field string, ask func(string) bool) naive {
	return func(e testEvent) bool {
		for name, values := range e {
			if field != "" && name != field {
				continue
			}
			for _, v := range values {
				if ask(v) {
					return true
				}
			}
		}
		return false
	}
}

func naiveValue(field string, mods []string, x *yaml.Node, placeholders map[string][]string) (naive, error) {
	if x.Tag == "!!null" {
		return func(e testEvent) bool { return len(e[field]) == 0 }, nil
	}
	s := x.Value
	unit := ""
	for i, m := range mods {
		switch m {
		case "exists":
			return func(e testEvent) bool { _, ok := e[field]; return ok == (s == "true") }, nil
		case "cidr":
			if !strings.Contains(s, "/") {
				s += map[bool]string{true: "/128", false: "/32"}[strings.Contains(s, ":")]
			}
			_, n, err := net.ParseCIDR(s)
			if err != nil {
				return nil, err
			}
			return each(field, func(v string) bool {
				if bare, _, _ := strings.Cut(v, "%"); strings.Contains(bare, ":") { // zones are of version 6
					v = bare
				}
				ip := net.ParseIP(v)
				return ip != nil && n.Contains(ip)
			}), nil
		case "re":
			flags := ""
			for _, f := range mods[i+1:] {
				flags += map[string]string{"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}[f]
			}
			if flags != "" {
				s = "(?" + flags + ")" + s
			}
			re, err := regexp.Compile(s)
			if err != nil {
				return nil, err
			}
			return each(field, re.MatchString), nil
		case "fieldref":
			return naiveRef(field, strings.ReplaceAll(s, " ", ""), mods[i+1:]), nil
		case "minute", "hour", "day", "week", "month", "year":
			unit = m
		case "lt", "lte", "gt", "gte":
			return naiveCompare(field, unit, m, s), nil
		}
	}
	if unit != "" {
		return naiveCompare(field, unit, "", s), nil
	}
	patterns := []string{s}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil && x.Tag == "!!int" {
		patterns = append(patterns, strconv.FormatInt(n, 10))
	}
	for i := range patterns {
		patterns[i] = quoted(patterns[i])
	}
	patterns = naiveText(mods, patterns, placeholders)
	flags := "(?is)"
	for _, m := range mods {
		if m == "cased" {
			flags = "(?s)"
		}
	}
	if field != "" {
		for i := range patterns {
			patterns[i] = "^(?:" + patterns[i] + ")$"
		}
	}
	re, err := regexp.Compile(flags + strings.Join(patterns, "|"))
	if err != nil {
		return nil, err
	}
	return each(field, func(v string) bool { return re.MatchString(strings.ToValidUTF8(v, "\uFFFD")) }), nil
}

// quoted makes a regular expression of a value with wildcards.
func quoted(s string) string {
	escaped := regexp.MustCompile(`(?s)\\[\\*?]|\*|\?|\\|[^\\*?]+`)
	return escaped.ReplaceAllStringFunc(s, func(t string) string {
		switch {
		case t == "*":
			return ".*"
		case t == "?":
			return "."
		case len(t) == 2 && t[0] == '\\':
			return regexp.QuoteMeta(t[1:])
		}
		return regexp.QuoteMeta(t)
	})
}

// plainText undoes quoted for a text without wildcards.
func plainText(pattern string) string {
	return regexp.MustCompile(`\\(.)`).ReplaceAllString(pattern, "$1")
}

// naiveText applies the modifiers of text to regular expressions.
func naiveText(mods, patterns []string, placeholders map[string][]string) []string {
	for _, m := range mods {
		var next []string
		for _, p := range patterns {
			switch m {
			case "contains":
				p = ".*" + p + ".*"
			case "startswith":
				p += ".*"
			case "endswith":
				p = ".*" + p
			case "windash":
				// A dash that no word stands before and a word stands behind is a choice of all.
				word := `[\pL\pN_]`
				dash := regexp.MustCompile(`(^|[^\pL\pN_])([-/])(` + word + `)`)
				for before := ""; before != p; {
					before, p = p, dash.ReplaceAllString(p, "${1}(?:[\\x2d\\x2f\u2013\u2014\u2015])${3}")
				}
			case "base64":
				p = regexp.QuoteMeta(base64.StdEncoding.EncodeToString([]byte(plainText(p))))
			case "base64offset":
				var forms []string
				for _, f := range shifted(plainText(p)) {
					forms = append(forms, regexp.QuoteMeta(f))
				}
				p = "(?:" + strings.Join(forms, "|") + ")"
			case "wide", "utf16le", "utf16be", "utf16":
				var b []byte
				if m == "utf16" {
					b = []byte{0xff, 0xfe}
				}
				for _, u := range utf16.Encode([]rune(plainText(p))) {
					if m == "utf16be" {
						b = append(b, byte(u>>8), byte(u))
					} else {
						b = append(b, byte(u), byte(u>>8))
					}
				}
				p = string(b)
			case "expand":
				if name := strings.Trim(p, "%"); len(name) == len(p)-2 {
					for _, v := range placeholders[name] {
						next = append(next, quoted(v))
					}
					continue
				}
			}
			next = append(next, p)
		}
		patterns = next
	}
	return patterns
}

// shifted finds what is constant in the base64 forms of a text by trying neighbours.
func shifted(s string) []string {
	var out []string
	for i := range 3 {
		var first string
		same := []bool{}
		for _, c := range []string{"\x00", "\xff", "aZ"} {
			e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(c[:1], i) + s + strings.Repeat(c[len(c)-1:], 3-(len(s)+i)%3)))
			if first == "" {
				first, same = e, make([]bool, len(e))
				for k := range same {
					same[k] = true
				}
			}
			for k := range min(len(e), len(same)) {
				same[k] = same[k] && e[k] == first[k]
			}
		}
		from := (i*8 + 5) / 6
		to := (i + len(s)) * 8 / 6
		for k := from; k < to; k++ {
			if !same[k] {
				panic("what should be constant is not")
			}
		}
		out = append(out, first[from:to])
	}
	return out
}

func naiveRef(field, other string, mods []string) naive {
	kind := ""
	for _, m := range mods {
		if m != "all" && m != "neq" {
			kind = m
		}
	}
	return func(e testEvent) bool {
		for _, a := range e[field] {
			for _, b := range e[other] {
				p := regexp.QuoteMeta(strings.ToValidUTF8(b, "\uFFFD"))
				switch kind {
				case "":
					p = "^(?:" + p + ")$"
				case "startswith":
					p = "^(?:" + p + ")"
				case "endswith":
					p = "(?:" + p + ")$"
				}
				if regexp.MustCompile("(?is)" + p).MatchString(strings.ToValidUTF8(a, "\uFFFD")) {
					return true
				}
			}
		}
		return false
	}
}

func naiveCompare(field, unit, mod, s string) naive {
	want, err := strconv.ParseFloat(s, 64)
	return each(field, func(v string) bool {
		have, bad := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if unit != "" {
			var t time.Time
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04"} {
				if t, bad = time.Parse(layout, v); bad == nil {
					break
				}
			}
			_, week := t.ISOWeek()
			have = map[string]float64{"minute": float64(t.Minute()), "hour": float64(t.Hour()), "day": float64(t.Day()), "week": float64(week), "month": float64(t.Month()), "year": float64(t.Year())}[unit]
		}
		if err != nil || bad != nil {
			return false
		}
		switch mod {
		case "lt":
			return have < want
		case "lte":
			return have <= want
		case "gt":
			return have > want
		case "gte":
			return have >= want
		}
		return have == want
	})
}
