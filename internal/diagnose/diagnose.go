// Package diagnose finds out why a decryption, a code or an error text is wrong, and says so: a verdict, its evidence and the fix.
//
// A diagnosis is given only when its own test confirms it. A repair counts when the data decrypts after exactly that change and did
// not before; a proof, such as "the key is right and the iv is wrong", rests on what the raw blocks show. Where nothing is confirmed
// the report says that, and the facts that are known. The package repairs nothing silently, calls nobody and touches no disk.
//
// What it prints is for the owner of the data. A server logs the id and the name of a finding and tells its client neither, or it
// would be a padding oracle.
package diagnose

import (
	"time"

	"github.com/wxlogin/wxlogin/internal/lang"
	"github.com/wxlogin/wxlogin/internal/opendata"
	"github.com/wxlogin/wxlogin/internal/redact"
	"github.com/wxlogin/wxlogin/internal/wechat"
)

// A Finding is one confirmed cause. None of its texts holds a secret or a part of a plain text.
type Finding struct {
	ID         string         // "D01": of docs/diagnoses.md, and API
	Name       string         // "plus-to-space": likewise
	Verdict    lang.Message   // one sentence
	Evidence   []lang.Message // positions, lengths, what was tried
	Fix        lang.Message
	Repairable bool // [Report.Repaired] holds what comes out once it is repaired
}

// Input is what [Data] looks at: the texts as they came, before anybody trimmed or decoded them.
type Input struct {
	SessionKey wechat.SessionKey
	opendata.Envelope
	ErrMsg   redact.Untrusted // of the pasted object, if there was one
	Document []byte           // the pasted object itself, if there was one; looked into where EncryptedData is empty
	OpenID   wechat.OpenID    // of the user whose data it is; empty where nobody knows

	// Policy is what the data is held to once it decrypts. Its Now is also the time that findings reckon with.
	Policy opendata.Policy

	// Quick leaves out the searches that take more than a few milliseconds. A server and a bulk run want that.
	Quick bool

	KeyTime time.Time // when SessionKey was obtained; zero where nobody knows
	Keys    []Key     // other keys to try: the history of the session, --keys
}

// A Key is a session_key that the data may have been encrypted under.
type Key struct {
	SessionKey wechat.SessionKey
	Obtained   time.Time     // zero where nobody knows
	Replaced   time.Time     // likewise
	OpenID     wechat.OpenID // of the user it belongs to; empty where nobody knows
}

// A Report is what [Data] found.
type Report struct {
	Findings []Finding      // likeliest first; empty when the input is fine, or when no test explains it
	Notes    []Finding      // remarkable, but nothing that has to be mended: an anonymised profile, a foreign number
	Facts    []lang.Message // what is known when nothing is confirmed
	Tests    []Test         // every test of the catalogue with its outcome
	Blocks   BlockMap
	Err      error   // of the input as it came: what opendata.Open or Policy.Check said; nil when it is fine
	Repaired *Opened // what came out after the repairs of Findings; nil when nothing did
}

// Opened is an envelope that was opened, with the texts that opened it.
type Opened struct {
	SessionKey wechat.SessionKey
	Envelope   opendata.Envelope
	Payload    opendata.Payload
	Checks     opendata.Checks
	Err        error // of Policy.Check: a repair does not make data of another mini program acceptable
}

// A Test is one entry of the catalogue, as it turned out.
type Test struct {
	ID, Name string
	Outcome  Outcome
	Note     lang.Message // what was seen; empty for most
}

// An Outcome says how a test ended.
type Outcome string

// The outcomes.
const (
	OutcomeConfirmed Outcome = "confirmed"
	OutcomeExcluded  Outcome = "excluded" // it was run, and it is not that
	OutcomeNotRun    Outcome = "not-run"  // its precondition is not given: no other keys, no plain text
)

// A BlockMap shows, block by block, what the cipher text became.
type BlockMap struct {
	Blocks []Block
	Bytes  int // that the encryptedData holds; what exceeds whole blocks is cut off
	before skipped
}

// A Block says what 16 bytes of plain text look like.
type Block byte

// The looks of a block.
const (
	BlockGarbage  Block = '.' // nothing of it is text
	BlockReadable Block = '#' // UTF-8 text
	BlockPartly   Block = '+' // text, with bytes that are none
	BlockPadding  Block = '=' // text that ends in valid padding, or nothing but padding
)
