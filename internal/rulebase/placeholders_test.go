package rulebase

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"reeve/sigma"
)

func TestPlaceholdersAreReadFromYAMLAndText(t *testing.T) {
	for _, c := range []struct {
		says, file, src string
		want            map[string][]string
		err             string // file and line, and a word of the reason
	}{
		{"a value", "p.yml", "admins: root\n", map[string][]string{"admins": {"root"}}, ""},
		{"a list", "p.yml", "admins: [root, 'adm*', 5]\nother-one: x\n", map[string][]string{"admins": {"root", "adm*", "5"}, "other-one": {"x"}}, ""},
		{"no value", "p.yaml", "admins:\nothers: []\n", map[string][]string{"admins": nil, "others": nil}, ""},
		{"the empty text", "p.yml", "admins: ['']\n", map[string][]string{"admins": {""}}, ""},
		{"an alias", "p.yml", "a: &x [root]\nb: *x\n", map[string][]string{"a": {"root"}, "b": {"root"}}, ""},
		{"a byte order mark", "p.yml", "\ufeffadmins: root\n", map[string][]string{"admins": {"root"}}, ""},
		{"lines of a text", `dir\Admins_Workstations.txt`, "# ours\r\nws-01\r\n\r\n  ws-02\r\n", map[string][]string{"Admins_Workstations": {"ws-01", "ws-02"}}, ""},
		{"a name with percent signs", "p.yml", "ok: x\n'%admins%': root\n", nil, "p.yml:2: percent"},
		{"a name twice", "p.yml", "a: x\nb: y\na: z\n", nil, "p.yml:3: twice"},
		{"a mapping as a value", "p.yml", "a:\n  - x\n  - {b: c}\n", nil, "p.yml:3: neither"},
		{"null in a list", "p.yml", "a:\n  - x\n  -\n", nil, "p.yml:3: empty"},
		{"a list of names", "p.yml", "\n- a\n- b\n", nil, "p.yml:2: mapping"},
		{"no YAML", "p.yml", "a: x\nb: [\n", nil, "p.yml: YAML"},
		{"nothing", "p.yml", "", nil, "p.yml:1: empty"},
		{"a text without a name", "a b.txt", "x", nil, "a b.txt:1: name"},
		{"a line without end", "a.txt", "x\n" + strings.Repeat("x", maxValueLine+1), nil, "a.txt:2: long"},
		{"a file that is too large", "p.yml", strings.Repeat(" ", maxPlaceholderFile+1), nil, "p.yml:1: larger"},
	} {
		t.Run(c.says, func(t *testing.T) {
			got, err := ParsePlaceholders(c.file, []byte(c.src))
			if c.err == "" {
				if err != nil || !maps.EqualFunc(got, c.want, slices.Equal) {
					t.Errorf("%q, %v; want %q", got, err, c.want)
				}
				return
			}
			at, word, _ := strings.Cut(c.err, ": ")
			var e *sigma.RuleError
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), at) || !strings.Contains(err.Error(), word) {
				t.Errorf("%v, want %s", err, c.err)
			}
		})
	}
}

func TestAPlaceholderWithoutAValueLeavesItsRuleInactive(t *testing.T) {
	const src = "title: t\nlogsource: {product: windows}\ndetection: {s: {User|expand: '%admins%', Host|expand: '%servers%'}, condition: s}\n"
	values, err := ParsePlaceholders("p.yml", []byte("admins: root\nservers:\n"))
	if err != nil {
		t.Fatal(err)
	}
	rules, faults := sigma.Parse("r.yml", []byte(src), sigma.ParseOptions{Placeholders: values})
	if len(rules) != 0 || len(faults) != 1 || !errors.Is(faults[0], sigma.ErrInactive) || !strings.Contains(faults[0].Reason, "%servers%") {
		t.Errorf("%d rules, %v", len(rules), faults)
	}
}
