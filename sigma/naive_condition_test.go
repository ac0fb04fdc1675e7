package sigma

import (
	"regexp"
	"strings"
)

// The naive reading of conditions: every function reads what it can of the words and gives the rest.

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
