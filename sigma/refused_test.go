package sigma

import (
	"errors"
	"strings"
	"testing"
)

// TestWhatCannotBeUsedIsRefused: a rule that would not mean what its author wrote does not load. It is refused with a reason, by
// class, and costs no other rule of its file.
func TestWhatCannotBeUsedIsRefused(t *testing.T) {
	detection := func(s string) string {
		return head + "detection:\n  " + strings.ReplaceAll(s, "\n", "\n  ") + "\n"
	}
	item := func(s string) string { return detection("s:\n  " + s + "\ncondition: s") }
	condition := func(s string) string {
		return detection("sel_a: {A: 1}\nsel_b: {B: 1}\n_sel_c: {C: 1}\ncondition: " + s)
	}
	for _, c := range []struct {
		says, src string
		class     error
		reason    string
	}{
		// Texts that are no YAML.
		{"a tab for blanks", "title: t\ndetection:\n\ts: x\n", ErrRule, "no YAML"},
		{"a list that is not closed", "title: [a, b\n", ErrRule, "no YAML"},
		{"a mapping that is not closed", "title: t\nlogsource: {product: windows\n", ErrRule, "no YAML"},
		{"a quote that is not closed", "title: 'x\n", ErrRule, "no YAML"},
		{"a quote and more", "title: 'x' y\n", ErrRule, "no YAML"},
		{"an alias of nothing", "title: t\ndetection: {s: *nothing, condition: s}\n", ErrRule, "no YAML"},
		{"a colon within a text", "title: a: b\n", ErrRule, "no YAML"},
		{"a value that begins with %", "title: %x\n", ErrRule, "no YAML"},
		{"a value that begins with @", "title: @x\n", ErrRule, "no YAML"},
		{"a line too far to the left", "title: t\ndetection:\n    s: {A: 1}\n  condition: s\n", ErrRule, "no YAML"},
		{"an escape that is none", "title: \"\\q\"\n", ErrRule, "no YAML"},

		// Documents.
		{"a number", "42\n", ErrRule, "no mapping"},
		{"a detection of nothing", head + "detection:\n", ErrRule, "detection is no mapping"},
		{"a detection that is a text", head + "detection: selection\n", ErrRule, "detection is no mapping"},
		{"a detection of a condition only", head + "detection: {condition: s}\n", ErrRule, `names "s"`},
		{"a logsource of nothing", "title: t\nlogsource:\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "logsource is no mapping"},
		{"a logsource that is a list", "title: t\nlogsource: [windows]\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "logsource is no mapping"},
		{"a logsource without a name", "title: t\nlogsource: {}\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "names neither"},
		{"a logsource of an empty name", "title: t\nlogsource: {product: ''}\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "names neither"},
		{"an empty title", "title: ''\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "no title"},
		{"a level that is a number", head + "level: 3\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, `"3" is no level`},
		{"a level with a blank", head + "level: 'high '\ndetection: {s: {A: 1}, condition: s}\n", ErrRule, "is no level"},
		{"a detection twice", head + "detection: {s: {A: 1}, condition: s}\ndetection: {s: {A: 2}, condition: s}\n", ErrRule, `"detection" stands twice`},
		{"a condition twice", detection("s: {A: 1}\ncondition: s\ncondition: not s"), ErrRule, `"condition" stands twice`},
		{"a field twice with one modifier", item("A|contains: x\n  A|contains: y"), ErrRule, `"A|contains" stands twice`},
		{"a key that is a list", item("? [A, B]\n  : x"), ErrRule, "a key is no text"},
		{"a merge of a text", item("<<: x\n  A: 1"), ErrRule, "merges no mapping"},
		{"a merge of a list of texts", item("<<: [x]\n  A: 1"), ErrRule, "merges no mapping"},
		{"field names of another taxonomy", "title: t\ntaxonomy: splunk\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", ErrInactive, `"splunk"`},
		{"notes", "author: somebody\nreferences: [x]\n", ErrInactive, "no Sigma rule"},

		// Identifiers.
		{"an identifier of nothing", detection("s:\ncondition: s"), ErrRule, "a keyword is null"},
		{"a mapping of nothing in a list", detection("s: [{}]\ncondition: s"), ErrRule, "an identifier is empty"},
		{"a list of nothing in a list", detection("s: [[]]\ncondition: s"), ErrRule, "an identifier is empty"},
		{"null among keywords", detection("s: [x, null]\ncondition: s"), ErrRule, "a keyword is null"},
		{"null of all keywords", item("'|all': [x, null]"), ErrRule, "a keyword is null"},
		{"no keywords of all", item("'|all': []"), ErrRule, "a keyword is null"},
		{"a mapping among values", item("A: [x, {B: 1}]"), ErrRule, "neither text nor number"},
		{"a list among values", item("A|contains: [x, [y]]"), ErrRule, "neither text nor number"},
		{"a mapping for a value with a modifier", item("A|contains: {B: 1}"), ErrRule, "neither text nor number"},
		{"an identifier that is not used and cannot be", detection("s: {A: 1}\nt: {A|re: '('}\ncondition: s"), ErrRule, "missing closing"},

		// Conditions.
		{"an or without its left", condition("or sel_a"), ErrRule, `names "or"`},
		{"an or without its right", condition("sel_a or"), ErrRule, "ends too early"},
		{"two operators in a row", condition("sel_a or and sel_b"), ErrRule, `names "and"`},
		{"not alone", condition("not"), ErrRule, "ends too early"},
		{"not behind a name", condition("sel_a not sel_b"), ErrRule, `has "not" where it should end`},
		{"brackets around nothing", condition("()"), ErrRule, `names ")"`},
		{"a bracket that closes first", condition(")sel_a("), ErrRule, `names ")"`},
		{"a bracket that is closed twice", condition("(sel_a))"), ErrRule, `has ")"`},
		{"two brackets of which one is closed", condition("((sel_a)"), ErrRule, "not closed"},
		{"a bracket behind a name", condition("sel_a (sel_b)"), ErrRule, `has "(" where it should end`},
		{"1 of nothing", condition("1 of"), ErrRule, "no identifier fits"},
		{"all of nothing", condition("all of"), ErrRule, "no identifier fits"},
		{"1 without of", condition("1 sel_a"), ErrRule, `names "1"`},
		{"of without a number", condition("of them"), ErrRule, `names "of"`},
		{"none of them", condition("0 of them"), ErrRule, `asks for "0"`},
		{"three of a pattern", condition("3 of sel_*"), ErrRule, `asks for "3"`},
		{"most of them", condition("most of them"), ErrRule, `asks for "most"`},
		{"1 of a bracket", condition("1 of (sel_a or sel_b)"), ErrRule, "no identifier fits"},
		{"1 of a pattern in quotes", condition("\"1 of 'sel_*'\""), ErrRule, "no identifier fits"},
		{"1 of a pattern that fits nothing", condition("1 of filter_*"), ErrRule, `no identifier fits "filter_*"`},
		{"not 1 of a pattern that fits nothing", condition("sel_a and not 1 of filter_*"), ErrRule, `no identifier fits "filter_*"`},
		{"a pattern that would fit a hidden name", condition("1 of *sel_c"), ErrRule, "no identifier fits"},
		{"a pattern in another case", condition("1 of SEL_*"), ErrRule, "no identifier fits"},
		{"a name in another case", condition("Sel_a"), ErrRule, `names "Sel_a"`},
		{"a pattern without of", condition("sel_*"), ErrRule, `names "sel_*"`},
		{"them without of", condition("them"), ErrRule, `names "them"`},
		{"signs of other languages for and", condition("sel_a && sel_b"), ErrRule, `has "&&"`},
		{"signs of other languages for not", condition("'!sel_a'"), ErrRule, `names "!sel_a"`},
		{"a comma", condition("sel_a, sel_b"), ErrRule, `names "sel_a,"`},
		{"a word that is no operator", condition("sel_a xor sel_b"), ErrRule, `has "xor"`},
		{"a field in a condition", condition("A=1"), ErrRule, `names "A=1"`},
		{"near", condition("sel_a | near sel_b"), ErrRule, "aggregation"},
		{"a count without a blank", condition("sel_a|count()>5"), ErrRule, "aggregation"},
		{"a condition that is null", condition("null"), ErrRule, "condition"},
		{"a condition that is a number", condition("1"), ErrRule, `names "1"`},
		{"blanks for a condition", condition("'  '"), ErrRule, "ends too early"},
		{"a list of conditions of which one is bad", condition("[sel_a, sel_x]"), ErrRule, `names "sel_x"`},
		{"a list of conditions in a list", condition("[[sel_a]]"), ErrRule, "a condition is no text"},

		// Modifiers.
		{"a modifier in capitals", item("A|Contains: x"), ErrRule, `"Contains" is not known`},
		{"a modifier with a blank", item("'A|contains |all': [x, y]"), ErrRule, `"contains " is not known`},
		{"a modifier between two bars", item("A||contains: x"), ErrRule, `"" is not known`},
		{"a modifier of another program", item("A|equals: x"), ErrRule, `"equals" is not known`},
		{"a flag before its expression", item("A|i|re: x"), ErrRule, "i does not apply to a text"},
		{"m of a text", item("A|m: x"), ErrRule, "m does not apply"},
		{"dotall of a text", item("A|contains|dotall: x"), ErrRule, "s does not apply"},
		{"a flag of a network", item("A|cidr|i: 10.0.0.0/8"), ErrRule, "i does not apply to a network"},
		{"an expression behind base64", item("A|base64|re: x"), ErrRule, "re stands behind"},
		{"an expression behind cased", item("A|cased|re: x"), ErrRule, "re stands behind"},
		{"a network behind windash", item("A|windash|cidr: 10.0.0.0/8"), ErrRule, "cidr stands behind"},
		{"exists behind contains", item("A|contains|exists: true"), ErrRule, "exists stands behind"},
		{"base64 of an expression", item("A|re|base64: x"), ErrRule, "base64 does not apply"},
		{"windash of an expression", item("A|re|windash: -x"), ErrRule, "windash does not apply"},
		{"wide of an expression", item("A|re|wide: x"), ErrRule, "wide does not apply"},
		{"a network of an expression", item("A|re|cidr: 10.0.0.0/8"), ErrRule, "cidr does not apply"},
		{"an expression twice", item("A|re|re: x"), ErrRule, "re does not apply"},
		{"a comparison of an expression", item("A|re|lt: 5"), ErrRule, "lt does not apply"},
		{"base64 of another field", item("A|fieldref|base64: B"), ErrRule, "base64 does not apply"},
		{"a comparison of another field", item("A|fieldref|lt: B"), ErrRule, "lt does not apply"},
		{"another field behind contains", item("A|contains|fieldref: B"), ErrRule, "fieldref wants"},
		{"another field behind startswith", item("A|startswith|fieldref: B"), ErrRule, "fieldref wants"},
		{"another field without a name", item("A|fieldref: ''"), ErrRule, "fieldref wants"},
		{"another field with a question mark", item("A|fieldref: B?"), ErrRule, "fieldref wants"},
		{"another field among a list, with a star", item("A|fieldref: [B, C*]"), ErrRule, "fieldref wants"},
		{"two comparisons", item("A|lt|gt: 5"), ErrRule, "gt does not apply"},
		{"two parts of a time", item("A|hour|minute: 5"), ErrRule, "minute does not apply"},
		{"contains of a comparison", item("A|lt|contains: 5"), ErrRule, "contains does not apply"},
		{"contains of a question of existence", item("A|exists|contains: true"), ErrRule, "contains does not apply"},
		{"windash of a part of a time", item("A|hour|windash: 5"), ErrRule, "windash does not apply"},
		{"contains behind a part of a time", item("A|hour|contains: 5"), ErrRule, "contains does not apply"},

		// Values that a modifier cannot take.
		{"an expression of null", item("A|re: null"), ErrRule, "re does not apply to a null"},
		{"a network of null", item("A|cidr: null"), ErrRule, "cidr does not apply to a null"},
		{"windash of null", item("A|windash: null"), ErrRule, "windash does not apply to a null"},
		{"base64 of null", item("A|base64: null"), ErrRule, "base64 does not apply to a null"},
		{"cased of null", item("A|cased: null"), ErrRule, "cased does not apply to a null"},
		{"endswith of an empty list", item("A|endswith: []"), ErrRule, "endswith does not apply to a null"},
		{"a comparison with null", item("A|lt: null"), ErrRule, "lt does not apply to a null"},
		{"a comparison with a boolean", item("A|gt: true"), ErrRule, "gt does not apply to a true or false"},
		{"a comparison with an empty text", item("A|gte: ''"), ErrRule, "wants a number"},
		{"a comparison with a number among texts", item("A|lte: [5, five]"), ErrRule, `not "five"`},
		{"existence of null", item("A|exists: null"), ErrRule, "exists does not apply to a null"},
		{"existence of a list with a text", item("A|exists: [true, perhaps]"), ErrRule, "exists wants"},
		{"existence of yes in quotes", item("A|exists: 'yes'"), ErrRule, "exists wants"},
		{"a comparison with yes", item("A|lt: yes"), ErrRule, `not "yes"`},
		{"a comparison with a hexadecimal number in quotes", item("A|lt: '0x10'"), ErrRule, `not "0x10"`},
		{"a comparison with what is beyond all numbers", item("A|lt: .inf"), ErrRule, `not ".inf"`},
		{"existence of a number", item("A|exists: 7"), ErrRule, "exists wants"},
		{"a part of a time of keywords", item("'|hour': 5"), ErrRule, "needs a field"},
		{"a comparison of keywords with all", item("'|gte|all': [5, 6]"), ErrRule, "needs a field"},
		{"a network of five numbers", item("A|cidr: 10.0.0.0.0/8"), ErrRule, "is no network"},
		{"a network of a number too large", item("A|cidr: 300.0.0.0/8"), ErrRule, "is no network"},
		{"a network of too many bits", item("A|cidr: 10.0.0.0/33"), ErrRule, "is no network"},
		{"a network of version 6 of too many bits", item("A|cidr: '::/129'"), ErrRule, "is no network"},
		{"a network of fewer bits than none", item("A|cidr: 10.0.0.0/-1"), ErrRule, "is no network"},
		{"a network that is a name", item("A|cidr: host"), ErrRule, "is no network"},
		{"a network with a wildcard", item("A|cidr: 10.*"), ErrRule, "is no network"},
		{"a network of nothing", item("A|cidr: ''"), ErrRule, "is no network"},
		{"a network among others that is none", item("A|cidr: [10.0.0.0/8, 10.0.0.0/x]"), ErrRule, "is no network"},
		{"an expression that repeats nothing", item("A|re: '*a'"), ErrRule, "missing argument"},
		{"an expression with an open class", item("A|re: '[a'"), ErrRule, "missing closing ]"},
		{"an expression with a bracket too many", item("A|re: 'a)'"), ErrRule, "unexpected )"},
		{"an expression that counts down", item("A|re: 'a{2,1}'"), ErrRule, "invalid repeat count"},
		{"an expression with a backslash at its end", item("A|re: 'a\\'"), ErrRule, "trailing backslash"},
		{"an expression that looks behind", item("A|re: '(?<=a)b'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that looks behind for nothing", item("A|re: '(?<!a)b'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that looks ahead for nothing", item("A|re: 'a(?!b)'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that looks ahead", item("A|re|i: 'a(?=b)'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that refers to itself", item("A|re: '(a)\\1'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that refers to a group by name", item("A|re: '(?P<n>a)\\k<n>'"), ErrRule, "which rules look-around and back-references out"},
		{"an expression that keeps what it has", item("A|re: 'a++'"), ErrRule, "invalid nested repetition"},
		{"an expression among others that does not compile", item("A|re: [a, '(', b]"), ErrRule, "missing closing"},
		{"base64 of a question mark", item("A|base64|contains: a?"), ErrRule, "cannot encode wildcards"},
		{"base64 behind startswith", item("A|startswith|base64: abc"), ErrRule, "cannot encode wildcards"},
		{"base64offset behind endswith", item("A|endswith|base64offset: abc"), ErrRule, "cannot encode wildcards"},
		{"wide, contains and base64", item("A|wide|contains|base64: abc"), ErrRule, "cannot encode wildcards"},
		{"base64offset of nothing", item("A|base64offset|contains: ''"), ErrRule, "too short"},
		{"base64offset of a list with a wildcard", item("A|base64offset|contains: [abc, 'a*c']"), ErrRule, "cannot encode wildcards"},

		// Placeholders.
		{"a placeholder that nobody knows", item("A|expand: '%servers%'"), ErrInactive, "%servers%"},
		{"a placeholder beside one that is known", item("A|expand: '%one%-%servers%'"), ErrInactive, "%servers%"},
		{"a placeholder in a list", item("A|expand: [x, '%one%', '%servers%']"), ErrInactive, "%servers%"},
		{"a placeholder behind startswith", item("A|startswith|expand: '%servers%'"), ErrInactive, "%servers%"},
		{"a placeholder in a keyword", item("'|expand': ['%servers%']"), ErrInactive, "%servers%"},
		{"a placeholder in another case", item("A|expand: '%ONE%'"), ErrInactive, "%ONE%"},
		{"a placeholder behind an escaped percent sign", item("A|expand: '\\%one%servers%'"), ErrInactive, "%servers%"},
		{"a placeholder in an identifier that is not used", detection("s: {A: 1}\nt: {A|expand: '%servers%'}\ncondition: s"), ErrInactive, "%servers%"},
		{"expand of null", item("A|expand: null"), ErrRule, "expand does not apply to a null"},
	} {
		t.Run(c.says, func(t *testing.T) {
			good := "title: good\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n---\n"
			rules, faults := Parse("r.yml", []byte(good+c.src+"---\n"+good), ParseOptions{Placeholders: placeholders})
			if len(rules) != 2 || len(faults) != 1 {
				t.Fatalf("%d rules, faults %v", len(rules), faults)
			}
			f := faults[0]
			if !errors.Is(f, c.class) || !strings.Contains(f.Reason, c.reason) {
				t.Errorf("%v (%v), want %q (%v)", f, f.Err, c.reason, c.class)
			}
			if last := strings.Count(good+c.src, "\n") + 1; f.Line < 5 || f.Line > last { // what is not closed ends where the next begins
				t.Errorf("the fault is on line %d, the rule begins on line 5 and the next on %d", f.Line, last)
			}
		})
	}
}
