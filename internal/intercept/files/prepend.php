<?php
// Run by PHP before each script (auto_prepend_file) under wxlogin serve --mock. PHP's own https streams, as file_get_contents and fopen
// use them, have no setting for a proxy but the context of each call. This wrapper gives calls to WeChat's hosts such a context and leaves
// all others alone. It speaks PHP 7.0, and must not change the script's variables.

if (!class_exists('WxloginHttps', false)) {
    final class WxloginHttps
    {
        const HOSTS = @HOSTS@;
        const PROXY = 'tcp://@ADDRESS@';

        public $context; // set by PHP to the caller's context

        private $stream;

        public static function install()
        {
            // Libraries that find no curl extension use streams, bring the proxy themselves, and need $http_response_header in the
            // function that calls, where a wrapper cannot put it. PHP 8.4 has a function for that.
            if (!extension_loaded('curl') && !function_exists('http_get_last_response_headers')) {
                return;
            }
            self::swap();
        }

        private static function swap()
        {
            if (in_array('https', stream_get_wrappers(), true)) {
                stream_wrapper_unregister('https');
                stream_wrapper_register('https', self::class, STREAM_IS_URL);
            }
        }

        public function stream_open($url, $mode, $options, &$opened)
        {
            $context = $this->context;
            $host = strtolower(rtrim((string) parse_url($url, PHP_URL_HOST), '.'));
            if (in_array($host, self::HOSTS, true)) {
                $context = self::through($context ?: stream_context_get_default(), $host);
            }
            stream_wrapper_restore('https');
            try {
                $path = (bool) ($options & STREAM_USE_PATH);
                $this->stream = $context ? fopen($url, $mode, $path, $context) : fopen($url, $mode, $path);
            } finally {
                self::swap();
            }
            if (isset($http_response_header)) {
                $GLOBALS['http_response_header'] = $http_response_header;
            }
            return $this->stream !== false;
        }

        private static function through($context, $host)
        {
            $given = stream_context_get_options($context);
            if (isset($given['http']['proxy'])) {
                return $context;
            }
            $given['http']['proxy'] = self::PROXY;
            if (!isset($given['ssl']['peer_name'])) {
                $given['ssl']['peer_name'] = $host;
            }
            $parameters = stream_context_get_params($context);
            unset($parameters['options']);
            return stream_context_create($given, $parameters);
        }

        public function stream_read($count)
        {
            return fread($this->stream, $count);
        }

        public function stream_eof()
        {
            return feof($this->stream);
        }

        public function stream_close()
        {
            fclose($this->stream);
        }

        public function stream_stat()
        {
            return fstat($this->stream);
        }

        public function url_stat($url, $flags)
        {
            return false; // as PHP's own wrapper
        }

        public function stream_cast($as)
        {
            return $this->stream;
        }

        public function stream_set_option($option, $first, $second)
        {
            switch ($option) {
                case STREAM_OPTION_BLOCKING:
                    return stream_set_blocking($this->stream, (bool) $first);
                case STREAM_OPTION_READ_TIMEOUT:
                    return stream_set_timeout($this->stream, $first, $second);
            }
            return false;
        }

        // What the user's own ini files name as auto_prepend_file: this file stands in its place. Empty if there is none.
        public static function displaced()
        {
            static $found = null;
            if ($found === null) {
                $found = '';
                $files = explode(',', php_ini_loaded_file() . ',' . php_ini_scanned_files());
                foreach (array_filter(array_map('trim', $files)) as $file) {
                    $values = dirname($file) === __DIR__ ? false : @parse_ini_file($file, false, INI_SCANNER_RAW);
                    if (isset($values['auto_prepend_file'])) {
                        $found = trim($values['auto_prepend_file'], '"\'');
                    }
                }
            }
            return $found === 'none' ? '' : $found;
        }
    }

    WxloginHttps::install();

    // Inside the block: inside two simulations, what is displaced is this file of the other one, which must not displace again.
    if (WxloginHttps::displaced() !== '') {
        require WxloginHttps::displaced();
    }
}
