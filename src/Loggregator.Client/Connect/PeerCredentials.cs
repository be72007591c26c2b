using Microsoft.Extensions.Logging;

namespace Loggregator.Client.Connect;

/// <summary>
/// A role's certificate, key and CA. Files are looked at every few seconds, by content, so that a renewed certificate is used without restart,
/// however it was put in place; a half-written or wrong renewal is told once and the old one stays. Any thread may read <see cref="Current"/>.
/// </summary>
internal sealed class PeerCredentials : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WarnBefore = TimeSpan.FromDays(7);

    private readonly PeerFiles? _files;
    private readonly TimeProvider _time;
    private readonly ILogger? _logger;
    private readonly ITimer? _timer;
    private readonly Lock _polling = new();
    private (string Certificate, string Key, string Authority) _read;
    private volatile PeerIdentity _current;
    private bool _expiryTold;

    private PeerCredentials(PeerIdentity identity, TimeProvider time, PeerFiles? files, (string, string, string) read, ILogger? logger)
    {
        _current = identity;
        _time = time;
        _files = files;
        _read = read;
        _logger = logger;
        if (files is not null)
        {
            WarnOfExpiry();
            _timer = time.CreateTimer(static self => ((PeerCredentials)self!).Poll(), this, PollInterval, PollInterval);
        }
    }

    /// <summary>What to use for the next handshake.</summary>
    public PeerIdentity Current => _current;

    /// <summary>The time by which certificates are judged.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Reads the files and watches them.</summary>
    /// <exception cref="CredentialsException">They cannot be used; the message names the file and the cure.</exception>
    public static PeerCredentials Load(PeerFiles files, TimeProvider? time = null, ILogger? logger = null)
    {
        time ??= TimeProvider.System;
        var read = files.ReadText();
        return new PeerCredentials(files.Parse(read, time.GetUtcNow()), time, files, read, logger);
    }

    /// <summary>Credentials that live in memory alone and never change.</summary>
    public static PeerCredentials Of(PeerIdentity identity, TimeProvider? time = null) => new(identity, time ?? TimeProvider.System, null, default, null);

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Poll()
    {
        lock (_polling)
        {
            var read = _read;
            try
            {
                read = _files!.ReadText();
                if (read != _read)
                {
                    _current = _files.Parse(read, _time.GetUtcNow());
                    _expiryTold = false;
                    if (_logger is not null)
                    {
                        Log.CertificateReloaded(_logger, _files.Certificate, _current.Leaf.NotAfter.ToUniversalTime());
                    }
                }

                _read = read;
            }
            catch (CredentialsException e)
            {
                if (_logger is not null && read != _read)
                {
                    Log.CertificateNotReloaded(_logger, e.Message);
                }

                _read = read; // told once for this content
            }

            WarnOfExpiry();
        }
    }

    private void WarnOfExpiry()
    {
        var end = _current.Leaf.NotAfter.ToUniversalTime();
        if (!_expiryTold && _logger is not null && end - _time.GetUtcNow().UtcDateTime < WarnBefore)
        {
            _expiryTold = true;
            Log.CertificateExpires(_logger, _files!.Certificate, end);
        }
    }
}
