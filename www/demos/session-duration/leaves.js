// What there is to read. The first page stands in the markup too, for whoever reads without scripts.

export const LEAVES = [
  {
    title: "A quarter of silence",
    paragraphs: [
      "In the last quarter four of five systems took a sleeping laptop for somebody who had left, and one " +
        "took somebody who had left for a sleeping laptop. Nobody noticed, as nobody had measured either.",
      "Readers of this report are asked not to close it in anger: how long they read it is measured.",
    ],
  },
  {
    title: "What was measured",
    paragraphs: [
      "A page that beats every three minutes and says nothing when it is closed is wrong by a minute and a " +
        "half on average. A page that says goodbye is right, except when it cannot.",
      "So each figure comes with the error that it may have, and a short figure with a small error is worth " +
        "more than a long one with none.",
    ],
  },
  {
    title: "What follows",
    paragraphs: [
      "Turn back a page: both pages are listed beside this text, each with the time that you have given it.",
      "That was all. Whoever has read this far has been here long enough to be measured.",
    ],
  },
];
