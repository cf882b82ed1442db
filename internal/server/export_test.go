package server

import "net/http"

// Handler is everything that a request passes, without a connection.
func (s *Server) Handler() http.Handler { return s.http.Handler }
