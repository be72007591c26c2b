namespace Loggregator.TrafficController.Streams.WebSocket;

/// <summary>
/// Checks UTF-8 that comes in pieces of any size, and fails at the first byte that cannot be right (RFC 3629, table 3-7 of Unicode).
/// The default value stands at the beginning of a text.
/// </summary>
internal struct Utf8Check
{
    private byte _missing; // continuation bytes
    private byte _lowest; // of the next of them
    private byte _highest;

    /// <summary>Whether no character is open.</summary>
    public readonly bool Complete => _missing == 0;

    /// <summary>Takes the next piece; false when the text is not UTF-8, whatever follows.</summary>
    public bool Accept(ReadOnlySpan<byte> piece)
    {
        foreach (var next in piece)
        {
            if (_missing == 0)
            {
                if (next >= 0x80 && !Begin(next))
                {
                    return false;
                }
            }
            else if (next < _lowest || next > _highest)
            {
                return false;
            }
            else
            {
                _missing--;
                (_lowest, _highest) = (0x80, 0xBF);
            }
        }

        return true;
    }

    private bool Begin(byte lead)
    {
        (_missing, _lowest, _highest) = lead switch
        {
            >= 0xC2 and <= 0xDF => ((byte)1, (byte)0x80, (byte)0xBF),
            0xE0 => ((byte)2, (byte)0xA0, (byte)0xBF), // shorter forms exist
            0xED => ((byte)2, (byte)0x80, (byte)0x9F), // surrogates
            >= 0xE1 and <= 0xEF => ((byte)2, (byte)0x80, (byte)0xBF),
            0xF0 => ((byte)3, (byte)0x90, (byte)0xBF),
            >= 0xF1 and <= 0xF3 => ((byte)3, (byte)0x80, (byte)0xBF),
            0xF4 => ((byte)3, (byte)0x80, (byte)0x8F), // beyond U+10FFFF
            _ => ((byte)0, (byte)0, (byte)0),
        };
        return _missing > 0;
    }
}
