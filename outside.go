package reeve

// Query is what an investigation wants to see of the evidence beyond the processes that it knows. A folder answers it by
// reading again, a store by a search. An event fits when it lies on one of the hosts, between From and To, and is by or about
// one of the processes, or names one of the paths, logons, names or addresses.
type Query struct{ Hosts []HostQuery }

// HostQuery is the part of a query about one host. Paths and Names are in lower case; a path fits by its end after "\" too, so
// that device paths and relative names are found.
type HostQuery struct {
	Host      string
	From, To  Time
	Processes []ProcKey
	Paths     []string
	Logons    []string
	Names     []string
	Addresses []string
	Kinds     []Kind // every event of these kinds, whomever it names
}

// Standing is what a list says of a hash.
type Standing uint8

// The standings.
const (
	NotListed Standing = iota
	KnownGood
	KnownBad
)

// Reputation is a list's word on a hash.
type Reputation struct {
	Standing Standing
	Says     string // name or remark of the list's row
	List     string // which list, with its date
}

// Intel answers whether an indicator is known. Implementations that ask others must be asked for by a flag.
type Intel interface {
	// Hash looks up one hash in lower-case hexadecimal of 32, 40 or 64 digits.
	Hash(hash string) Reputation
	// Empty tells that there is no list, so that "not listed" cannot be said.
	Empty() bool
}

// HostInfo is what an inventory knows of a host.
type HostInfo struct {
	Host, Owner, Department, Role string
	Source                        string // file and line
}

// Inventory tells whose host it is and what for.
type Inventory interface {
	// Host finds a host by short or full name, without regard to case.
	Host(name string) (HostInfo, bool)
	// Empty tells that there is no inventory.
	Empty() bool
}

// Habit is how usual an execution is in the evidence, the case's own occurrences left out.
type Habit struct {
	Hosts, AllHosts int // hosts where the program ran, hosts with process records
	Users           int
	Runs            int // of this program, all hosts
	SameHost        int // earlier runs on this host
	SameShape       int // runs anywhere with this command shape
	SameParent      int // runs anywhere from a parent of this name
	SameMinuteHosts int // hosts on which the same command shape ran within a minute of the subject
	Days            int // of process records on this host before the subject
	Refs            []Ref
}
