//go:build !purego

#include "textflag.h"

// Sixteen units a step: two loads of eight, packed to bytes with unsigned saturation of signed words. A unit of 0x80 to 0x7fff gives a byte with
// its high bit set and one of 0x8000 and up gives 0, so that the packed bytes alone tell what is no ASCII.

// func packASCIIWide(dst, src *byte, n int) (read int)
TEXT ·packASCIIWide(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX
	PXOR X6, X6

ascii:
	CMPQ     AX, CX
	JGE      asciiDone
	MOVOU    (SI)(AX*2), X0
	MOVOU    16(SI)(AX*2), X1
	PACKUSWB X1, X0
	MOVOU    X0, (DI)(AX*1)
	MOVO     X0, X1
	PCMPEQB  X6, X1
	POR      X0, X1
	PMOVMSKB X1, DX
	TESTL    DX, DX
	JNZ      asciiStop
	ADDQ     $16, AX
	JMP      ascii

asciiStop:
	BSFL DX, DX
	ADDQ DX, AX

asciiDone:
	CMPQ    AX, CX
	CMOVQGT CX, AX
	MOVQ    AX, read+24(FP)
	RET

// func packJSONWide(dst, src *byte, n int) (read, written int)
TEXT ·packJSONWide(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX // units read
	XORQ BX, BX // bytes written
	MOVQ $0x1f1f1f1f1f1f1f1f, DX
	MOVQ DX, X5
	PUNPCKLQDQ X5, X5
	MOVQ $0x2222222222222222, DX
	MOVQ DX, X6
	PUNPCKLQDQ X6, X6
	MOVQ $0x5c5c5c5c5c5c5c5c, DX
	MOVQ DX, X7
	PUNPCKLQDQ X7, X7

json:
	CMPQ     AX, CX
	JGE      jsonDone
	MOVOU    (SI)(AX*2), X0
	MOVOU    16(SI)(AX*2), X1
	PACKUSWB X1, X0
	MOVOU    X0, (DI)(BX*1)
	MOVO     X0, X1
	PMINUB   X5, X1
	PCMPEQB  X0, X1 // controls and 0
	MOVO     X0, X2
	PCMPEQB  X6, X2 // quotes
	MOVO     X0, X3
	PCMPEQB  X7, X3 // backslashes
	POR      X2, X1
	POR      X3, X0 // and what is no ASCII, by its high bit
	POR      X0, X1
	PMOVMSKB X1, DX
	TESTL    DX, DX
	JNZ      jsonSpecial
	ADDQ     $16, AX
	ADDQ     $16, BX
	JMP      json

jsonSpecial:
	BSFL    DX, DX
	ADDQ    DX, AX
	ADDQ    DX, BX
	CMPQ    AX, CX
	JGE     jsonDone
	MOVWLZX (SI)(AX*2), DX
	CMPL    DX, $0x22
	JEQ     jsonEscape
	CMPL    DX, $0x5c
	JNE     jsonDone

jsonEscape:
	MOVB $0x5c, (DI)(BX*1)
	MOVB DX, 1(DI)(BX*1)
	ADDQ $1, AX
	ADDQ $2, BX
	JMP  json

	// What was read beyond the end was taken as it is, a byte a unit.
jsonDone:
	MOVQ    AX, DX
	SUBQ    CX, DX
	JLE     jsonReturn
	SUBQ    DX, AX
	SUBQ    DX, BX

jsonReturn:
	MOVQ AX, read+24(FP)
	MOVQ BX, written+32(FP)
	RET

// func packXMLWide(dst, src *byte, n int) (read int)
TEXT ·packXMLWide(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX
	MOVQ $0x1f1f1f1f1f1f1f1f, DX
	MOVQ DX, X5
	PUNPCKLQDQ X5, X5
	MOVQ $0x2222222222222222, DX // "
	MOVQ DX, X6
	PUNPCKLQDQ X6, X6
	MOVQ $0x2626262626262626, DX // & and, with its lowest bit set, '
	MOVQ DX, X7
	PUNPCKLQDQ X7, X7
	MOVQ $0x3c3c3c3c3c3c3c3c, DX // < and, with bit 1 set, >
	MOVQ DX, X8
	PUNPCKLQDQ X8, X8
	MOVQ $0xfefefefefefefefe, DX
	MOVQ DX, X9
	PUNPCKLQDQ X9, X9
	MOVQ $0xfdfdfdfdfdfdfdfd, DX
	MOVQ DX, X10
	PUNPCKLQDQ X10, X10

xml:
	CMPQ     AX, CX
	JGE      xmlDone
	MOVOU    (SI)(AX*2), X0
	MOVOU    16(SI)(AX*2), X1
	PACKUSWB X1, X0
	MOVOU    X0, (DI)(AX*1)
	MOVO     X0, X1
	PMINUB   X5, X1
	PCMPEQB  X0, X1
	MOVO     X0, X2
	PCMPEQB  X6, X2
	POR      X2, X1
	MOVO     X0, X2
	PAND     X9, X2
	PCMPEQB  X7, X2
	POR      X2, X1
	MOVO     X0, X2
	PAND     X10, X2
	PCMPEQB  X8, X2
	POR      X2, X1
	POR      X0, X1
	PMOVMSKB X1, DX
	TESTL    DX, DX
	JNZ      xmlStop
	ADDQ     $16, AX
	JMP      xml

xmlStop:
	BSFL DX, DX
	ADDQ DX, AX

xmlDone:
	CMPQ    AX, CX
	CMOVQGT CX, AX
	MOVQ    AX, read+24(FP)
	RET
