package reeve

// Level is the severity of a rule, in Sigma's words.
type Level uint8

// The levels, rising.
const (
	Informational Level = iota
	Low
	Medium
	High
	Critical
)

// String is Sigma's word.
func (l Level) String() string {
	return [...]string{"informational", "low", "medium", "high", "critical"}[min(l, Critical)]
}

// Finding is one thing noticed in one event: a rule that matched.
type Finding struct {
	RuleID  string
	Title   string
	Level   Level
	Tags    []string // ATT&CK and other tags as the rule has them
	Source  string   // file of the rule
	Author  string   // of the rule: its licence wants it named
	Host    string
	Time    Time
	Process ProcKey // acting process of the record; zero when the record names none
	Refs    []Ref
	Fields  []NamedValue // what the rule looked at, in the rule's spelling
}

// NamedValue is a field with its text.
type NamedValue struct{ Name, Value string }
