// Package archtest has tests only. They hold what docs/architecture.md promises about the whole house and no single
// package can hold: who imports whom (table_test.go is the table), texts in both languages, the shape of files and
// functions, and what a start of the binary costs.
//
// Every finding is a sentence that says which rule broke, where, and what to do. Most rules are checked on the syntax of
// all files, whatever platform or build tag they are for, so that they hold while a package does not compile.
package archtest
