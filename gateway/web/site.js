// The examples show the address under which this page was opened.
for (const here of document.querySelectorAll('.here')) here.textContent = location.origin;
