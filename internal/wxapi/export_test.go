package wxapi

import "net/http"

// Transport gives tests the client's own transport, to make it trust a test's certificate or dial a broken connection.
func (c *Client) Transport() *http.Transport { return c.own }

// ParseAnswer reads body as the answer of code2Session with HTTP status 200.
func ParseAnswer(body []byte) (Session, error) {
	answer := answer{status: http.StatusOK, body: body}
	object, err := answer.success()
	if err != nil {
		return Session{}, err
	}
	session, reason := parseSession(object)
	if !reason.IsZero() {
		return Session{}, answer.fault(reason)
	}
	return session, nil
}

// CountingConn is the connection that own transports dial.
type CountingConn = countingConn

// Writes returns how many writes may have put out bytes.
func (c *CountingConn) Writes() int64 { return c.writes.Load() }
