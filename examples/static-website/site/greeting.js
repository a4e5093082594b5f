// Says good morning when it is morning.
const hour = new Date().getHours();
const time = hour < 5 ? "night" : hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening";
const place = document.querySelector("#greeting");
if (place !== null) place.textContent = `Good ${time}.`;
