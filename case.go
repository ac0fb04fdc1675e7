package reeve

// Stance of an answer, always towards "this execution is abuse".
type Stance uint8

// The stances. Unknown is the zero value: an answer that was not given speaks for nothing.
const (
	Unknown Stance = iota
	Neutral
	Supports
	Refutes
)

// String is the stance's word in the JSON.
func (s Stance) String() string {
	return [...]string{"unknown", "neutral", "supports", "refutes"}[min(s, Refutes)]
}

// Label is a verdict's word.
type Label uint8

// The labels. Inconclusive is the zero value.
const (
	Inconclusive Label = iota
	Benign
	Expected
	Suspicious
	Malicious
)

// String is the label's word in the JSON.
func (l Label) String() string {
	return [...]string{"inconclusive", "benign", "expected", "suspicious", "malicious"}[min(l, Malicious)]
}

// Rank orders labels for thresholds: benign < expected < inconclusive < suspicious < malicious.
func (l Label) Rank() int { return [...]int{2, 0, 1, 3, 4}[min(l, Malicious)] }

// Statement is a sentence with the records that it rests on.
type Statement struct {
	Says string
	Refs []Ref
}

// Signal is one observation that the verdict weighs. A question states signals; internal/verdict alone knows their points.
type Signal struct {
	Code SignalCode
	Says string
	Refs []Ref
}

// Need is something that an answer lacks, and what to switch on or provide so that it can be answered next time.
type Need struct{ Needs, Enable string }

// Detail is one line below an answer.
type Detail struct {
	Name, Value string
	Refs        []Ref
}

// Answer to one question.
type Answer struct {
	Question string // id
	Value    string // of the question's closed list
	Stance   Stance
	Says     string
	Points   int // filled by the weighing
	Details  []Detail
	Missing  []Need
	Signals  []Signal
	Refs     []Ref
}

// Verdict of a case.
type Verdict struct {
	Label       Label
	Score       int
	Confidence  float64     // answered core questions over core questions, 0 to 1
	Because     []Statement // strongest first
	WouldChange []Statement
}

// Hashes of a file in lower-case hexadecimal; "" is unknown.
type Hashes struct{ MD5, SHA1, SHA256, IMPHASH string }

// Subject is the execution that a case is about.
type Subject struct {
	Host             string
	Time             Time // its start, else when it was first seen
	Image            string
	CommandLine      string
	HasCommandLine   bool
	GUID             GUID
	PID              uint32
	User             string
	OriginalFileName string
	Hashes           Hashes
}

// LOLBin names the LOLBAS entry that the subject is, or is a copy of.
type LOLBin struct {
	Name       string
	Techniques []string
}

// Payload is something that the subject ran or was told to run.
type Payload struct {
	Kind        string // of the closed list of the question "payload"
	Image       string
	CommandLine string
	Hashes      Hashes
	Refs        []Ref
}

// Occurrence is one run of the behaviour that a case is about.
type Occurrence struct {
	Host string
	Time Time
	PID  uint32
	GUID GUID
	User string
	Ref  Ref
}

// Node of a case's process tree, parents before children.
type Node struct {
	ID, Parent  string // of the tree; Parent "" for a root
	Image       string
	CommandLine string
	PID         uint32
	GUID        GUID
	Start       Time
	Inferred    bool
	Role        string // "subject", "payload", "ancestor", "descendant"
	Refs        []Ref
}

// Moment is a line of a case's timeline.
type Moment struct {
	Time Time
	Kind Kind
	Says string
	Ref  Ref
}

// Indicator can be looked up elsewhere or searched for on other hosts.
type Indicator struct {
	Type  string // sha256, sha1, md5, imphash, ip, domain, url, path
	Value string
	Refs  []Ref
}

// Relation points to another case.
type Relation struct{ Case, Why string }

// Case is one execution under investigation.
type Case struct {
	ID          string // 16 hexadecimal digits, stable over runs
	Subject     Subject
	LOLBin      *LOLBin // nil when the subject is no LOLBAS entry
	Opened      []string
	Payloads    []Payload
	Verdict     Verdict
	Answers     []Answer // all questions, in the analyst's order
	Findings    []Finding
	Occurrences []Occurrence // the subject first
	Tree        []Node
	Timeline    []Moment
	Indicators  []Indicator
	Related     []Relation
	NextSteps   []string
	Techniques  []string
}
