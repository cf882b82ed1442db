package stack_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFraming sends requests whose end two readers may see in two places, each followed by one that logs a user in. Whoever stands in front of
// the server may have taken that for a part of the first one's body, and have let it pass unseen: it must not be executed. Where the end is told
// by one Content-Length, it is a request like any other, and its code is spent.
func TestFraming(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	const post = "POST /onLogin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	tests := []struct {
		name   string
		first  string
		status int // of the answer to the first
		next   bool
	}{
		{"one length", post + "Content-Length: 2\r\n\r\n{}", 400, true}, // no code in it: answered, and nothing wrong with its end
		{"the same length twice", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, true},
		{"blank before the length", post + "Content-Length:  2 \r\n\r\n{}", 400, true},

		{"chunks and a length", post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, false},
		{"a length and chunks", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
		{"chunks", post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, false},
		{"chunk extension", post + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n", 400, false},
		{"bare LF after a chunk's size", post + "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n", 400, false},
		{"bare LF in a chunk extension", post + "Transfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n", 400, false},
		{"negative chunk", post + "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", 400, false},
		{"huge chunk", post + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n", 400, false},
		{"chunk with 0x", post + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", 400, false},
		{"folded chunks", post + "Content-Length: 2\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400, false},
		{"chunks behind a bare LF", post + "X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
		{"chunks twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, false},
		{"chunks of HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
		{"unknown encoding", post + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 501, false},
		{"encoding behind another", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, false},
		{"encoding with a tab", post + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
		{"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, false},
		{"two lengths in one", post + "Content-Length: 2, 3\r\n\r\n{}", 400, false},
		{"length behind a bare LF", post + "X-A: b\nContent-Length: 3\r\nContent-Length: 2\r\n\r\n{}", 400, false},
		{"folded length", post + "Content-Length: 2\r\n 0\r\n\r\n{}", 400, false},
		{"signed length", post + "Content-Length: +2\r\n\r\n{}", 400, false},
		{"hexadecimal length", post + "Content-Length: 0x2\r\n\r\n{}", 400, false},
		{"empty length", post + "Content-Length:\r\n\r\n{}", 400, false},
		{"blank before the colon", post + "Content-Length : 2\r\n\r\n{}", 400, false},
		{"blank before the colon of chunks", post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, false},
		{"no colon", post + "Content-Length\r\n\r\n{}", 400, false},
		{"NUL in a name", post + "X-\x00: b\r\nContent-Length: 2\r\n\r\n{}", 400, false},
		{"NUL in a value", post + "X-A: \x00\r\nContent-Length: 2\r\n\r\n{}", 400, false},
		{"bare CR in a value", post + "X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 400, false},
		{"first header begins with a blank", "POST /onLogin HTTP/1.1\r\n Host: localhost\r\nContent-Length: 2\r\n\r\n{}", 400, false},
		{"two hosts", strings.Replace(post, "\r\n", "\r\nHost: 127.0.0.1\r\n", 1) + "Content-Length: 2\r\n\r\n{}", 400, false},
		{"two blanks in the first line", "POST /onLogin  HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 400, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code := r.code(t, "")
			answers := r.raw(t, tt.first+"GET /onLogin?code="+code+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			want := []int{tt.status}
			if tt.next {
				want = append(want, http.StatusOK)
			}
			if !slices.Equal(answers, want) {
				t.Errorf("answers %v, want %v", answers, want)
			}
			wantLater := http.StatusOK
			if tt.next {
				wantLater = http.StatusUnauthorized
			}
			if later := r.onLogin(t, code); later.status != wantLater {
				t.Errorf("the code of the second request: %d %s, want %d", later.status, later.body, wantLater)
			}
		})
	}
}

// raw sends bytes on a connection of its own, and returns the status of each answer until the server closes it.
func (r *running) raw(t *testing.T, sent string) (answers []int) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // ends a test that would hang
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(conn)
	for {
		answer, err := http.ReadResponse(from, nil)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return answers
		case err != nil:
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer.StatusCode)
	}
}
