import { Heart } from "./heart.jsx";

export default function Page() {
  return (
    <main>
      <h1>Drawn on the server</h1>
      <Heart />
    </main>
  );
}
