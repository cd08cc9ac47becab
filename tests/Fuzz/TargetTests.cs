using System.Diagnostics;

namespace FlowPipe.Tests.Fuzz;

/// <summary>The targets over their seeds and some mutations of each, for a few seconds: what was found once stays found.</summary>
public sealed class TargetTests
{
    private const int LargestSeed = 1 << 20;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);

    [Fact]
    public void DecoderOverSamplesAndNoise()
    {
        string[] samples = [.. Seeds.Samples];
        Assert.NotEmpty(samples);
        var random = new Random(1);
        foreach (string sample in samples)
        {
            byte[] bytes = File.ReadAllBytes(sample);
            // Any piece of a capture is a frame of sorts; the pieces behind record headers are real ones.
            for (int i = 0; i < 2_000; i++)
            {
                int at = random.Next(bytes.Length);
                byte[] frame = bytes.AsSpan(at, Math.Min(random.Next(200), bytes.Length - at)).ToArray();
                DecoderTarget.Run(frame);
                DecoderTarget.Run(Seeds.Mutate(frame, i));
            }
        }
    }

    public static TheoryData<string> Names => [.. Campaign.Targets.Keys];

    /// <summary>Each target for a moment: that it still runs, and from seeds that are what their name says.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void EachTargetRuns(string name)
    {
        foreach (byte[] seed in Campaign.Targets[name].Seeds().Take(20))
            Campaign.Targets[name].Run(seed);
        Assert.True(Campaign.Run(name, TimeSpan.FromSeconds(1)) > 0, "not even one input was run");
    }

    [Fact]
    public void FragmentsAtRandom()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var input = new byte[6 * random.Next(1, 300)];
            random.NextBytes(input);
            for (int at = 0; at < input.Length; at += 6)
            {
                // few datagrams and places, so that some become whole
                input[at] %= 3;
                input[at + 1] = 0;
                input[at + 2] = (byte)((input[at + 2] % 6) * 8);
                input[at + 3] = (byte)(seed % 2 == 0 ? 8 : input[at + 3]);
                input[at + 4] |= 4;
            }
            FragmentTarget.Run(input);
        }
    }

    [Fact]
    public void ReassemblerOverNoise()
    {
        for (int seed = 0; seed < 4_000; seed++)
        {
            var random = new Random(seed);
            byte[] input = new byte[6 * random.Next(80)];
            random.NextBytes(input);
            // Half of them with sequence numbers that are close together, and a SYN first.
            for (int i = 1; i < input.Length && seed % 2 == 0; i += 6)
                input[i] &= 3;
            if (seed % 4 == 0 && input.Length > 6)
                input[0] = 2;
            ReassemblerTarget.Run(input);
        }
    }

    [Fact]
    public void MessagesCutAndMutilated()
    {
        foreach ((string name, Target run, byte[][] seeds) in MessageTarget.All)
        {
            for (int i = 0; i < 2_000; i++)
            {
                byte[] input = Seeds.Mutate(seeds[i % seeds.Length], i);
                if (input.Length > 0)
                    input[0] = (byte)(i % 40);
                try
                {
                    run(input);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{name}, mutation {i}: {Convert.ToHexString(input)}: {e.Message}", e);
                }
            }
        }
    }

    [Fact]
    public void CapturesAsTheyAre()
    {
        string[] samples = [.. Seeds.Samples];
        Assert.NotEmpty(samples);
        foreach (string sample in samples)
            CaptureTarget.Run(File.ReadAllBytes(sample));
    }

    [Fact]
    public void MalformedCaptures()
    {
        string[] malformed = [.. Seeds.Malformed];
        if (malformed.Length == 0)
            Assert.Skip("the corpus of malformed captures is not beside the repository");
        Mutations(malformed, rounds: 1);
    }

    [Fact]
    public void MutatedSamples() => Mutations([.. Seeds.Samples], rounds: 200);

    /// <summary>Each seed as it is once; then its mutations, as many as the time allows.</summary>
    private static void Mutations(string[] seeds, int rounds)
    {
        byte[][] captures = [.. seeds.Select(File.ReadAllBytes).Where(bytes => bytes.Length <= LargestSeed)];
        Assert.NotEmpty(captures);
        var time = Stopwatch.StartNew();
        foreach (byte[] capture in captures)
            CaptureTarget.Run(capture);
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < captures.Length; i++)
            {
                if (time.Elapsed > Budget)
                    return;
                Try(captures[i], (round * captures.Length) + i);
            }
        }
    }

    private static void Try(byte[] capture, int seed)
    {
        try
        {
            CaptureTarget.Run(Seeds.Mutate(capture, seed));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"mutation {seed} of a seed of {capture.Length} bytes: {e.Message}", e);
        }
    }
}
