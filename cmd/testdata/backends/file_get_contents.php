<?php
require __DIR__ . '/backend.php';

run(function ($url, $body = null) {
    if ($body === null) {
        return file_get_contents($url);
    }
    return file_get_contents($url, false, stream_context_create(['http' => [
        'method' => 'POST', 'header' => "Content-Type: application/json\r\n", 'content' => $body,
    ]]));
});
