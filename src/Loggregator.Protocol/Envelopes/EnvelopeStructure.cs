using System.Runtime.CompilerServices;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// The checks of an envelope's nested messages: structure and strings. <c>readable</c> is the end of the whole envelope, up to which a
/// vector load may reach. Depths count as in Google.Protobuf: a member of the envelope is 1 deep, what it contains 2.
/// </summary>
internal static class EnvelopeStructure
{
    /// <summary>An entry of <c>tags</c>. The canonical form, all ASCII, both lengths in a byte, needs one look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsTag(ref byte origin, int position, int length, int readable)
    {
        if (length >= 4 && Unsafe.Add(ref origin, position) == Fields.Key)
        {
            int keyLength = Unsafe.Add(ref origin, position + 1);
            if (keyLength <= length - 4
                && Unsafe.Add(ref origin, position + 2 + keyLength) == Fields.Value
                && Unsafe.Add(ref origin, position + 3 + keyLength) == length - keyLength - 4
                && Utf8Text.IsShortAscii(ref origin, position, length, readable))
            {
                return true;
            }
        }

        return IsMessageOfTexts(ref origin, position, length, readable, depth: 1, Fields.Key, Fields.Value);
    }

    /// <summary>A log; sets or clears <see cref="EnvelopeFlags.Error"/> where the type is on the wire.</summary>
    public static bool IsLog(ref byte origin, int position, int length, ref EnvelopeFlags flags)
    {
        var end = position + length;
        while (position < end)
        {
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return false;
            }

            if (tag == Fields.LogType)
            {
                position = Wire.ReadVarint(ref origin, position, end, out var type);
                flags = (uint)type == 1 ? flags | EnvelopeFlags.Error : flags & ~EnvelopeFlags.Error;
            }
            else
            {
                position = Wire.Skip(ref origin, position, end, tag, depth: 1);
            }

            if (position < 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A counter.</summary>
    public static bool IsCounter(ref byte origin, int position, int length, int readable) =>
        IsMessageOfTexts(ref origin, position, length, readable, depth: 1, Fields.CounterName, Fields.CounterName);

    /// <summary>A timer.</summary>
    public static bool IsTimer(ref byte origin, int position, int length, int readable) =>
        IsMessageOfTexts(ref origin, position, length, readable, depth: 1, Fields.TimerName, Fields.TimerName);

    /// <summary>An event.</summary>
    public static bool IsEvent(ref byte origin, int position, int length, int readable) =>
        IsMessageOfTexts(ref origin, position, length, readable, depth: 1, Fields.EventTitle, Fields.EventBody);

    /// <summary>An entry of <c>deprecated_tags</c>.</summary>
    public static bool IsDeprecatedTag(ref byte origin, int position, int length, int readable) =>
        IsMapEntry(ref origin, position, length, readable, depth: 1, Fields.ValueText);

    /// <summary>A gauge.</summary>
    public static bool IsGauge(ref byte origin, int position, int length, int readable)
    {
        var end = position + length;
        while (position < end)
        {
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return false;
            }

            if (tag != Fields.GaugeMetrics)
            {
                position = Wire.Skip(ref origin, position, end, tag, depth: 1);
                if (position < 0)
                {
                    return false;
                }

                continue;
            }

            position = Wire.ReadLength(ref origin, position, end, out var entryLength);
            if (position < 0 || !IsMapEntry(ref origin, position, entryLength, readable, depth: 2, Fields.GaugeUnit))
            {
                return false;
            }

            position += entryLength;
        }

        return true;
    }

    // A map's entry whose value is a message with one string field.
    private static bool IsMapEntry(ref byte origin, int position, int length, int readable, int depth, uint text)
    {
        var end = position + length;
        while (position < end)
        {
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return false;
            }

            if (tag is not (Fields.Key or Fields.Value))
            {
                position = Wire.Skip(ref origin, position, end, tag, depth);
                if (position < 0)
                {
                    return false;
                }

                continue;
            }

            position = Wire.ReadLength(ref origin, position, end, out var fieldLength);
            if (position < 0
                || (tag == Fields.Key
                    ? !Utf8Text.IsValid(ref origin, position, fieldLength, readable)
                    : !IsMessageOfTexts(ref origin, position, fieldLength, readable, depth + 1, text, text)))
            {
                return false;
            }

            position += fieldLength;
        }

        return true;
    }

    // A message whose length-delimited fields of these two tags are strings, and which contains no message.
    private static bool IsMessageOfTexts(ref byte origin, int position, int length, int readable, int depth, uint text, uint otherText)
    {
        var end = position + length;
        while (position < end)
        {
            position = Wire.ReadTag(ref origin, position, end, out var tag);
            if (position < 0)
            {
                return false;
            }

            if (tag != text && tag != otherText)
            {
                position = Wire.Skip(ref origin, position, end, tag, depth);
                if (position < 0)
                {
                    return false;
                }

                continue;
            }

            position = Wire.ReadLength(ref origin, position, end, out var textLength);
            if (position < 0 || !Utf8Text.IsValid(ref origin, position, textLength, readable))
            {
                return false;
            }

            position += textLength;
        }

        return true;
    }
}
